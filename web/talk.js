// The view in which a face answers.
import { address, call, json } from "./api.js";
import { LiveFace, RATE_HZ } from "./live.js";
import { turnable } from "./turn.js";
import { Microphone, soundOf, wav } from "./sound.js";
import { text } from "./texts.js";

const $ = (id) => document.getElementById(id);
const microphone = new Microphone();
let face, persons = [], chosen, heard = [], last; // last: what a download would show

export function say(key, values, bad) {
  $("status").textContent = key ? text(key, values) : "";
  $("status").classList.toggle("bad", Boolean(bad));
}

function showProblem(error) {
  if (error.status === 503) say("full", { seconds: error.retryAfter }, true);
  else say("refused", { message: error.message }, true);
}

function options() {
  const seed = $("seed").value;
  return {
    person: chosen.id, voice: $("voice").value, head_scale: Number($("head-scale").value),
    ...($("recorded").checked ? {} : { background: $("background").value }),
    blinks: $("blinks").checked, idle_motion: $("idle").checked, ...(seed === "" ? {} : { seed: Number(seed) }),
  };
}

async function wake() {
  if (!chosen) return;
  $("wake").hidden = true;
  say("waking");
  try {
    await face.start(options());
  } catch (error) {
    sleep();
    showProblem(error);
  }
}

function sleep() {
  $("wake").hidden = false;
  $("still").hidden = false;
  $("stop").disabled = true;
  $("unmute").hidden = true;
}

async function whenAwake() {
  if (!face.awake) await wake();
  for (let i = 0; i < 100 && !face.awake; ++i) await new Promise((resolve) => setTimeout(resolve, 50));
  return face.awake;
}

function onEvent({ detail }) {
  if (detail.event === "hello") say("idle_now");
  if (detail.event === "speaking") { say("speaking"); $("stop").disabled = false; }
  if (detail.event === "silent") { say("idle_now"); $("stop").disabled = true; }
  if (detail.event === "interrupted") { say("stopped"); $("stop").disabled = true; }
  if (detail.event === "muted") $("unmute").hidden = false;
  if (detail.event === "error") say("refused", { message: detail.message }, true);
  if (detail.event === "no_media") { sleep(); say("no_media", {}, true); }
  if (detail.event === "closed") { sleep(); say("lost", {}, true); }
}

function choose(person, quiet) {
  const other = chosen && person.id !== chosen.id;
  chosen = person;
  localStorage.setItem("person", person.id);
  for (const button of $("persons").querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset.id === person.id));
  $("still").src = address(person.picture);
  $("still").alt = person.name;
  $("card-line").textContent = [person.name, person.licence, person.attribution].filter(Boolean).join(" · ");
  if (other) { face.stop(); sleep(); }
  if (!quiet) wake(); else say("sleeping");
}

function card(person) {
  const item = document.createElement("li"), button = document.createElement("button");
  button.dataset.id = person.id;
  button.disabled = !person.can_speak;
  const picture = document.createElement("img");
  picture.src = address(person.picture);
  picture.alt = "";
  const words = document.createElement("span");
  const line = (tag, value) => {
    const element = document.createElement(tag);
    element.textContent = value;
    words.append(element);
  };
  line("strong", person.name || person.id);
  line("small", `${person.size_px} px · ${person.fps} /s`);
  if (person.licence) line("small", `${text("licence")}: ${person.licence}`);
  if (person.consent) line("small", `${text("consent_of")}: ${person.consent}`);
  button.append(picture, words);
  button.onclick = () => choose(person);
  item.append(button);
  return item;
}

export async function showPersons(wanted) {
  persons = (await json("GET", "/v1/persons")).persons;
  $("persons").replaceChildren(...persons.map(card));
  const id = wanted || localStorage.getItem("person");
  const person = persons.find((one) => one.id === id) || persons.find((one) => one.can_speak);
  if (person) choose(person, !wanted);
}

async function showVoices() {
  const { voices } = await json("GET", "/v1/voices");
  $("voice").replaceChildren(...voices.map((voice) => new Option(`${voice.description} (${voice.id})`, voice.id)));
  if (voices.length === 0) $("voice").append(new Option(text("no_voice"), ""));
}

async function toggleMicrophone() {
  if (microphone.stream) {
    microphone.stop();
    $("microphone").setAttribute("aria-pressed", "false");
    $("microphone").textContent = text("speak");
    face.endSound();
    remember({ sound: heard });
    return;
  }
  if (!await whenAwake()) return;
  heard = [];
  try {
    await microphone.start((samples) => { heard.push(samples); face.sendSound(samples); });
    $("microphone").setAttribute("aria-pressed", "true");
    $("microphone").textContent = text("listening");
  } catch (error) {
    microphone.stop();
    say("no_microphone", { message: error.message }, true);
  }
}

async function sayFile(file) {
  let samples;
  try { samples = await soundOf(file); } catch { say("no_sound", {}, true); return; }
  if (!await whenAwake()) return;
  face.interrupt();
  for (let at = 0; at < samples.length; at += RATE_HZ) face.sendSound(samples.subarray(at, at + RATE_HZ));
  face.endSound();
  remember({ sound: [samples] });
}

function remember(what) {
  last = what;
  $("download").disabled = false;
}

async function download() {
  say("rendering");
  try {
    let body = { ...options(), text: last.text };
    if (last.sound) {
      const all = new Int16Array(last.sound.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of last.sound) { all.set(part, at); at += part.length; }
      body = new FormData();
      body.append("person", chosen.id);
      body.append("audio", wav(all), "speech.wav");
    }
    const blob = await (await call("POST", "/v1/talk", body)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = chosen.id + ".mp4";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say("ready");
  } catch (error) { showProblem(error); }
}

export async function startTalk() {
  face = new LiveFace($("face"));
  face.addEventListener("said", onEvent);
  $("face").addEventListener("playing", () => { $("still").hidden = true; });
  turnable($("face"), (x, y, seconds) => face.look(x, y, seconds));
  $("background").oninput = () => { $("recorded").checked = false; };
  $("wake").onclick = wake;
  $("unmute").onclick = () => { $("face").muted = false; $("unmute").hidden = true; };
  $("say-form").onsubmit = async (event) => {
    event.preventDefault();
    const words = $("text").value.trim();
    if (!words || !await whenAwake()) return;
    face.say(words);
    remember({ text: words });
  };
  $("text").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("say-form").requestSubmit();
  };
  $("stop").onclick = () => face.interrupt();
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && face.awake) face.interrupt(); });
  $("microphone").onclick = toggleMicrophone;
  $("sound").onchange = () => { if ($("sound").files[0]) sayFile($("sound").files[0]); $("sound").value = ""; };
  const stage = document.querySelector(".stage");
  stage.ondragover = (event) => event.preventDefault();
  stage.ondrop = (event) => { event.preventDefault(); if (event.dataTransfer.files[0]) sayFile(event.dataTransfer.files[0]); };
  $("apply").onclick = wake;
  $("voice").onchange = () => { if (face.awake) wake(); };
  $("download").onclick = download;
  window.addEventListener("pagehide", () => face.stop());
  await showVoices();
  await showPersons();
}
