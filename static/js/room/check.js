/** The device check: camera, microphone, speaker, internet, each with a way on. */
import { Step } from "./check_steps.js";
import { choices, remember } from "./choices.js";
import { tryPaths, trySocket } from "./connection_check.js";
import { all, find, show } from "./dom.js";
import { LocalMedia } from "./media.js";
import { LevelMeter } from "./meter.js";
import { pickers } from "./pickers.js";
import { showRefusal } from "./refusal.js";
import { playTone } from "./tone.js";

const HEARD = 0.08;
const QUIET_AFTER = 6_000;

const page = find("[data-check]");
const media = new LocalMedia(choices());
const meter = new LevelMeter();
const steps = Object.fromEntries(
  ["camera", "microphone", "speaker", "connection"].map((name) => [name, new Step(name)]),
);
const refreshPickers = pickers(page, chosenDevice, chooseDevice);

for (const part of all("[data-needs-script]", page)) show(part);
find("[data-begin]", page).addEventListener("click", begin);
for (const button of all("[data-again]", page)) button.addEventListener("click", begin);
find("[data-tone]", page).addEventListener("click", tone);
find("[data-heard-yes]", page).addEventListener("click", () => heard(true));
find("[data-heard-no]", page).addEventListener("click", () => heard(false));
for (const link of all("[data-go]", page)) {
  link.addEventListener("click", () => remember({ mode: link.dataset.go }));
}
media.on("ended", begin);
window.addEventListener("pagehide", () => media.close());
checkConnection();
beginIfAllowed();

/** Somebody who allowed it before is not asked to press again. */
async function beginIfAllowed() {
  try {
    const names = ["camera", "microphone"];
    const known = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    if (known.every(({ state }) => state === "granted")) await begin();
  } catch {
    // Firefox and older Safari do not tell: the button stays.
  }
}

async function begin() {
  steps.camera.set("busy");
  steps.microphone.set("busy", "camera_busy");
  const refused = await media.open();
  show(find("[data-ask]", page), false);
  camera(refused.video);
  microphone(refused.audio);
  // One cause, one help: the second would be the same words again.
  const twice = refused.audio === refused.video && ["denied", "insecure"].includes(refused.audio);
  if (twice) showRefusal(steps.microphone.root, null);
  if (twice) show(find("[data-again]", steps.microphone.root), false);
  refreshPickers();
}

function camera(refusal) {
  find("[data-preview-video]", page).srcObject = media.stream;
  find("[data-preview]", page).dataset.state = refusal ? "off" : "on";
  show(find("[data-preview-off]", page), Boolean(refusal));
  outcome(steps.camera, refusal);
}

function microphone(refusal) {
  outcome(steps.microphone, refusal, "busy");
  steps.microphone.body(!refusal);
  if (refusal) meter.stop();
  else listen();
}

function outcome(step, refusal, good = "works") {
  step.set(refusal ? "help" : good);
  step.root.dataset.refused = refusal ?? "";
  showRefusal(step.root, refusal);
  show(find("[data-again]", step.root), Boolean(refusal));
}

function listen() {
  const bar = find("[data-level]", page);
  const quiet = setTimeout(() => steps.microphone.set("busy", "microphone_quiet"), QUIET_AFTER);
  meter.start(media.track("audio"), (level) => {
    bar.value = level;
    if (level < HEARD) return;
    clearTimeout(quiet);
    steps.microphone.set("works");
  });
}

async function tone() {
  meter.wake();
  steps.speaker.set("busy");
  show(find("[data-speaker-help]", page), false);
  await playTone(choices().speaker);
  steps.speaker.set("idle");
  show(find("[data-heard]", page));
}

function heard(yes) {
  steps.speaker.set(yes ? "works" : "help");
  show(find("[data-heard]", page), !yes);
  show(find("[data-speaker-help]", page), !yes);
}

async function checkConnection() {
  steps.connection.set("busy");
  const answer = await trySocket(page.dataset.socketUrl);
  page.dataset.socket = answer ? "open" : "blocked";
  const settings = iceSettings(answer);
  const path = await tryPaths(settings);
  page.dataset.path = path;
  const problem = !answer ? "nosocket" : path === "none" ? "nopath" : "";
  for (const help of all("[data-connection-help]", page)) {
    show(help, help.dataset.connectionHelp === problem);
  }
  if (problem) steps.connection.set("help");
  else steps.connection.set("works", path === "relay" ? "connection_relay" : "connection_works");
}

function iceSettings(answer) {
  return { servers: answer?.ice_servers ?? [], relayOnly: answer?.ice_policy === "relay" };
}

function chosenDevice(kind) {
  if (kind === "audiooutput") return choices().speaker ?? "";
  return media.track(kind)?.getSettings().deviceId ?? "";
}

async function chooseDevice(kind, id) {
  if (kind === "audiooutput") {
    remember({ speaker: id });
    return;
  }
  remember({ [`${kind}Device`]: id });
  const refusal = await media.choose(kind, id);
  if (kind === "video") camera(refusal);
  else microphone(refusal);
}
