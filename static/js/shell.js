// What every page does. Each behaviour is a file of its own and hangs on data- attributes.
import { start as autosave } from "./autosave.js";
import { start as disclosure } from "./disclosure.js";
import { start as forms } from "./forms.js";
import { start as idle } from "./idle.js";
import { start as passkeys } from "./passkeys.js";
import { start as quickExit } from "./quick_exit.js";
import { start as timeZone } from "./time_zone.js";

const live = document.getElementById("live");

function say(text) {
  if (!live) return;
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

// htmx shows nothing for a refusal (403, 404, 409, 5xx): the sentence of the error page goes to
// the messages at the top instead.
function showError(text) {
  const box = document.getElementById("messages");
  if (!box) return;
  const note = document.createElement("div");
  note.className = "note-box note-danger";
  note.textContent = text;
  box.replaceChildren(note);
  box.scrollIntoView({ block: "center" });
}

document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const sentence = page.querySelector("[data-error-message]");
  showError(sentence ? sentence.textContent.trim() : "That did not work. Please try again.");
});
document.addEventListener("htmx:sendError", () => {
  showError("We cannot reach Lantern right now. Please check your connection and try again.");
});

quickExit(say);
disclosure();
forms();
autosave();
timeZone();
passkeys();
idle(say);
