// The page's words, one file a language.
let words = {};

export const languages = ["en", "de"];

export function usualLanguage() {
  const known = localStorage.getItem("language") || navigator.language.slice(0, 2);
  return languages.includes(known) ? known : "en";
}

export async function setLanguage(language) {
  words = await (await fetch(language + ".json")).json();
  localStorage.setItem("language", language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = text(element.dataset.placeholder);
}

export function text(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
