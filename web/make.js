// The view in which a person is made, and what work there is.
import { address, json, upload } from "./api.js";
import { text } from "./texts.js";

const $ = (id) => document.getElementById(id);
const rows = new Map(); // of jobs, by id
let files = [], tryPerson;

function say(key, values, bad) {
  $("make-status").textContent = key ? text(key, values) : "";
  $("make-status").classList.toggle("bad", Boolean(bad));
}

function addFiles(more) {
  files.push(...more);
  $("files").replaceChildren(...files.map((file, i) => {
    const item = document.createElement("li"), remove = document.createElement("button");
    item.textContent = `${file.name} (${(file.size / 1e6).toFixed(1)} MB) `;
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${text("delete")} ${file.name}`);
    remove.onclick = () => { files.splice(i, 1); addFiles([]); };
    item.append(remove);
    return item;
  }));
}

async function start(event) {
  event.preventDefault();
  if (files.length === 0) { say("no_files", {}, true); return; }
  $("start").disabled = true;
  try {
    const uploads = [];
    for (const file of files)
      uploads.push(await upload(file, (part) => say("uploading", { name: file.name, percent: Math.round(100 * part) })));
    const job = await json("POST", "/v1/jobs", {
      kind: "learn", uploads, id: $("person-id").value, name: $("person-name").value,
      minutes: Number($("minutes").value), licence: $("licence").value,
      consent: { name: $("consent-name").value, date: $("consent-date").value, purpose: $("consent-purpose").value },
    });
    files = [];
    addFiles([]);
    say("started");
    show(job);
    watch(job.id);
  } catch (error) { say("refused", { message: error.message }, true); }
  $("start").disabled = false;
}

function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  return seconds < 90 ? `${Math.round(seconds)} s` : minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function button(key, action, main) {
  const element = document.createElement("button");
  element.textContent = text(key);
  if (main) element.className = "main";
  element.onclick = action;
  return element;
}

function element(tag, words, className) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

function show(job) {
  const row = rows.get(job.id) || document.createElement("li");
  if (!rows.has(job.id)) { rows.set(job.id, row); $("jobs").prepend(row); }
  $("no-jobs").hidden = true;
  const ended = ["done", "failed", "cancelled"].includes(job.state);
  const parts = [element("strong", `${job.person || job.kind} — ${text(job.state)}`)];
  if (!ended) {
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = job.progress;
    bar.setAttribute("aria-label", job.step || job.kind);
    parts.push(bar);
  }
  const line = [job.step, job.seconds_left === null ? "" : text("left", { time: duration(job.seconds_left) })];
  if (line.some(Boolean)) parts.push(element("small", line.filter(Boolean).join(" · ")));
  if (job.message) parts.push(element("small", job.message, job.state === "failed" ? "bad" : ""));
  if (job.left_out.length) {
    const out = element("details", "");
    out.append(element("summary", `${text("left_out")} (${job.left_out.length})`));
    for (const what of job.left_out) out.append(element("small", what));
    parts.push(out);
  }
  const seen = JSON.stringify([job.previews, Math.floor(job.progress * 50)]);
  if (job.previews.length && row.seen === seen) {
    parts.push(row.querySelector(".previews")); // as it is: nothing flickers
  } else if (job.previews.length) {
    row.seen = seen;
    const pictures = element("div", "", "previews");
    for (const preview of job.previews.slice(-6)) {
      const link = document.createElement("a"), picture = document.createElement("img");
      link.href = address(preview.url);
      link.target = "_blank";
      // Training draws the same file again: the address must differ for the browser to look.
      picture.src = address(`${preview.url}?at=${Math.floor(job.progress * 50)}`);
      picture.alt = preview.name;
      link.append(picture);
      pictures.append(link);
    }
    parts.push(pictures);
  }
  for (const result of job.results.slice(0, 8)) {
    const link = element("a", result.name);
    link.href = address(result.url);
    link.download = result.name.split("/").pop();
    parts.push(link, document.createTextNode(" "));
  }
  const actions = element("div", "", "row");
  if (job.state === "done" && (job.kind === "learn" || job.kind === "train"))
    actions.append(button("try", () => tryPerson(job.person), true));
  actions.append(button(ended ? "delete" : "cancel", async () => {
    await json("DELETE", "/v1/jobs/" + job.id).catch((error) => say("refused", { message: error.message }, true));
    if (ended) { row.remove(); rows.delete(job.id); $("no-jobs").hidden = rows.size > 0; }
  }));
  parts.push(actions);
  row.replaceChildren(...parts);
}

function watch(id) {
  const source = new EventSource(address(`/v1/jobs/${id}/events`));
  source.onmessage = (message) => {
    const job = JSON.parse(message.data);
    show(job);
    if (["done", "failed", "cancelled"].includes(job.state)) source.close();
  };
}

export async function showJobs() {
  const { jobs } = await json("GET", "/v1/jobs");
  for (const job of jobs.reverse()) {
    show(job);
    if (job.state === "waiting" || job.state === "running") watch(job.id);
  }
}

export async function startMake(tried) {
  tryPerson = tried;
  $("make-form").onsubmit = start;
  $("footage").onchange = () => { addFiles($("footage").files); $("footage").value = ""; };
  const drop = $("drop");
  drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (event) => { event.preventDefault(); drop.classList.remove("over"); addFiles(event.dataTransfer.files); };
  $("consent-date").value = new Date().toISOString().slice(0, 10);
  await showJobs();
}
