// Calls of the server, with its token where it wants one.
let token = sessionStorage.getItem("token") || "";

export function setToken(value) {
  token = value;
  sessionStorage.setItem("token", value);
}

/** An address that a picture, a WebSocket or an event source can use: they send no headers. */
export function address(path) {
  if (!token) return path;
  return path + (path.includes("?") ? "&" : "?") + "token=" + encodeURIComponent(token);
}

export class ServerError extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

async function refusal(response) {
  let message = response.statusText;
  try { message = (await response.json()).error.message; } catch { /* what the status says must do */ }
  return new ServerError(response.status, message, Number(response.headers.get("Retry-After") || 0));
}

/** body: a form, text of a `type`, or what goes as JSON. */
export async function call(method, path, body, type) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (type) {
    headers["Content-Type"] = type;
  } else if (body && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const response = await fetch(path, { method, headers, body, keepalive: method === "DELETE" }); // it outlives the page
  if (!response.ok) throw await refusal(response);
  return response;
}

export const json = async (method, path, body) => (await call(method, path, body)).json();

/** Sends one file; told(fraction) hears how far it is. Gives the upload's id. */
export function upload(file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/uploads?name=" + encodeURIComponent(file.name));
    if (token) request.setRequestHeader("Authorization", "Bearer " + token);
    request.upload.onprogress = (event) => told(event.total ? event.loaded / event.total : 0);
    request.onerror = () => reject(new ServerError(0, "network", 0));
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* no JSON: the status says enough */ }
      if (request.status === 201) resolve(answer.id);
      else reject(new ServerError(request.status, answer.error ? answer.error.message : request.statusText, 0));
    };
    request.send(file);
  });
}
