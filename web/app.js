// The page: two views, a language, perhaps a token.
import { setToken } from "./api.js";
import { startMake } from "./make.js";
import { say, showPersons, startTalk } from "./talk.js";
import { setLanguage, usualLanguage } from "./texts.js";

const $ = (id) => document.getElementById(id);

function view(name) {
  for (const one of ["talk", "make"]) {
    $("view-" + one).hidden = one !== name;
    $("tab-" + one).setAttribute("aria-pressed", String(one === name));
  }
  history.replaceState(null, "", "#" + name);
}

async function begin() {
  try {
    await startTalk();
    await startMake(async (person) => { view("talk"); await showPersons(person); });
    $("token-form").hidden = true;
  } catch (error) {
    if (error.status === 401) $("token-form").hidden = false;
    else say("refused", { message: error.message }, true);
  }
}

$("tab-talk").onclick = () => view("talk");
$("tab-make").onclick = () => view("make");
$("language").value = usualLanguage();
$("language").onchange = async () => { await setLanguage($("language").value); location.reload(); };
$("token-form").onsubmit = (event) => { event.preventDefault(); setToken($("token").value); begin(); };
view(location.hash === "#make" ? "make" : "talk");
await setLanguage(usualLanguage());
await begin();
