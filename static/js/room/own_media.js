import { announce } from "./announce.js";
import { choices, remember } from "./choices.js";
import { Toggle } from "./controls.js";
import { all, find, on, say, show, word } from "./dom.js";
import { pickers } from "./pickers.js";

/**
 * This person's microphone, camera, sound only, own picture and devices, as buttons and switches.
 *
 * @param {{root: HTMLElement, media: import("./media.js").LocalMedia,
 *   mesh: import("./mesh.js").Mesh, tiles: import("./tiles.js").Tiles}} parts
 */
export function ownMedia({ root, media, mesh, tiles }) {
  const soundSwitch = find('[data-switch="sound"]', root);
  const selfSwitch = find('[data-switch="self"]', root);
  const microphone = new Toggle(root, "microphone", setMuted);
  const camera = new Toggle(root, "camera", (off) => setCamera(off, { byHand: true }));
  const refreshPickers = pickers(root, currentDevice, chooseDevice);

  media.on("track", ({ kind, track }) => {
    mesh.setTrack(kind, track);
    showState();
  });
  media.on("ended", (kind) => problem(kind === "audio" ? { audio: "busy" } : { video: "busy" }));
  selfSwitch.addEventListener("change", showState);
  soundSwitch.addEventListener("change", () => soundOnly(soundSwitch.checked));
  on(root, "click", "[data-media-again]", () => begin());
  on(root, "click", "[data-picture-again]", () => soundOnly(false));

  /** Ask for what was chosen at the device check. */
  async function begin() {
    const mode = choices().mode ?? "video";
    media.cameraOff = mode !== "video";
    media.muted = mode === "chat";
    if (mode !== "chat") problem(await media.open({ video: mode === "video" }));
    if (mode !== "video") soundSwitch.checked = true;
    mesh.tell({ wantsVideo: mode === "video" });
    refreshPickers();
    showState();
  }

  async function setMuted(muted) {
    if (!muted && !media.track("audio")) problem(await media.open({ video: false }));
    media.setMuted(muted);
    showState();
    announce(word(media.track("audio") && !muted ? "unmuted" : "muted"));
  }

  async function setCamera(off, { byHand = false } = {}) {
    const refusal = await media.setCameraOff(off);
    if (refusal) problem({ video: refusal });
    if (byHand && !off) show(find("[data-sound-note]", root), false);
    showState();
    if (byHand) announce(word(media.track("video") ? "camera_is_on" : "camera_is_off"));
  }

  /** Neither send nor get pictures; by choice, or because the connection is poor. */
  async function soundOnly(only, { weak = false } = {}) {
    soundSwitch.checked = only;
    root.dataset.soundOnly = String(only);
    if (!weak) remember({ mode: only ? "sound" : "video" });
    show(find("[data-sound-note]", root), only && weak);
    mesh.tell({ wantsVideo: !only });
    await setCamera(only);
  }

  function problem(refused) {
    const refusal = refused.audio ?? refused.video;
    show(find("[data-media-note]", root), Boolean(refusal));
    if (refusal) say(find("[data-media-words]", root), word(`media_${refusal}`));
  }

  function showState() {
    const hasCamera = Boolean(media.track("video"));
    const hears = Boolean(media.track("audio")) && !media.muted;
    microphone.set(!hears);
    camera.set(!hasCamera);
    mesh.tell({ camera: hasCamera, microphone: hears });
    show(find("[data-self]", root), selfSwitch.checked && hasCamera);
    find("[data-self-video]", root).srcObject = selfSwitch.checked ? media.stream : null;
    const ready = hasCamera || hears ? "waiting_camera_on" : "waiting_camera_off";
    for (const line of all("[data-waiting-camera]", root)) say(line, word(ready));
    root.dataset.camera = hasCamera ? "on" : "off";
    root.dataset.microphone = hears ? "on" : "off";
  }

  function currentDevice(kind) {
    if (kind === "audiooutput") return choices().speaker ?? "";
    return media.track(kind)?.getSettings().deviceId ?? "";
  }

  async function chooseDevice(kind, id) {
    if (kind === "audiooutput") {
      remember({ speaker: id });
      tiles.setSpeaker(id);
      return;
    }
    remember({ [`${kind}Device`]: id });
    const refusal = await media.choose(kind, id);
    if (refusal) problem({ [kind]: refusal });
  }

  return { begin, soundOnly, setMuted, showState };
}
