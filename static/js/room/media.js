import { Emitter } from "./emitter.js";

const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const KINDS = { audio: "audioinput", video: "videoinput" };

/** @typedef {"denied" | "missing" | "busy" | "insecure" | "other"} Refusal */

/** @param {DOMException} error @returns {Refusal} */
export function refusalOf(error) {
  if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "other";
  }
}

/**
 * This person's camera and microphone: one track of each kind at most.
 *
 * Emits "track" ({kind, track}) whenever what should be sent changes; track is null while the
 * camera is off, so its light goes out. A muted microphone keeps its track, disabled.
 */
export class LocalMedia extends Emitter {
  stream = new MediaStream();
  muted = false;
  cameraOff = false;
  #devices = { audio: "", video: "" };

  /** @param {{audioDevice?: string, videoDevice?: string}} choices ids; "" is the browser's own */
  constructor({ audioDevice = "", videoDevice = "" } = {}) {
    super();
    this.#devices = { audio: audioDevice, video: videoDevice };
  }

  track(kind) {
    return this.stream.getTracks().find((track) => track.kind === kind) ?? null;
  }

  /**
   * Ask for both at once (one question for the child), else for each alone.
   * @returns {Promise<{audio: Refusal | null, video: Refusal | null}>}
   */
  async open({ audio = true, video = true } = {}) {
    const refused = { audio: null, video: null };
    if (audio && video && (await this.#take(["audio", "video"])) === null) return refused;
    if (audio) refused.audio = await this.#take(["audio"]);
    if (video) refused.video = await this.#take(["video"]);
    return refused;
  }

  async choose(kind, deviceId) {
    this.#devices[kind] = deviceId;
    // Some phones open the second camera only once the first is released.
    this.#release(kind);
    return this.#take([kind]);
  }

  setMuted(muted) {
    this.muted = muted;
    const track = this.track("audio");
    if (track) track.enabled = !muted;
  }

  /** @returns {Promise<Refusal | null>} */
  async setCameraOff(off) {
    this.cameraOff = off;
    if (!off) return this.#take(["video"]);
    this.#release("video");
    this.emit("track", { kind: "video", track: null });
    return null;
  }

  /** Nobody may hear or see: used while the room is paused. The devices stay ours. */
  setPaused(paused) {
    for (const track of this.stream.getTracks()) {
      track.enabled = !paused && !(track.kind === "audio" && this.muted);
    }
  }

  close() {
    for (const kind of ["audio", "video"]) this.#release(kind);
  }

  #release(kind) {
    const track = this.track(kind);
    if (!track) return;
    track.onended = null;
    track.stop();
    this.stream.removeTrack(track);
  }

  async #take(kinds) {
    try {
      const taken = await this.#ask(kinds);
      for (const track of taken.getTracks()) this.#adopt(track);
      return null;
    } catch (error) {
      return refusalOf(error);
    }
  }

  async #ask(kinds) {
    const wishes = { audio: AUDIO, video: VIDEO };
    const ask = (chosen) => {
      const wanted = (kind) => chosen && this.#devices[kind];
      const wish = (kind) =>
        wanted(kind) ? { ...wishes[kind], deviceId: { exact: wanted(kind) } } : wishes[kind];
      return navigator.mediaDevices.getUserMedia(
        Object.fromEntries(kinds.map((kind) => [kind, wish(kind)])),
      );
    };
    if (!kinds.some((kind) => this.#devices[kind])) return ask(false);
    try {
      // Not "ideal": Chromium then stays with the system's own microphone.
      return await ask(true);
    } catch (error) {
      // A headset that was unplugged since the check must not end in "no microphone".
      if (!["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
      return ask(false);
    }
  }

  #adopt(track) {
    const { kind } = track;
    this.#release(kind);
    if (kind === "audio") track.enabled = !this.muted;
    this.stream.addTrack(track);
    // The device was pulled out, or the system took it away (a phone call on iOS).
    track.onended = () => {
      this.stream.removeTrack(track);
      this.emit("track", { kind, track: null });
      this.emit("ended", kind);
    };
    this.emit("track", { kind, track });
  }
}

/** @returns {Promise<{id: string, label: string}[]>} devices with names (known after consent) */
export async function devices(kind) {
  const known = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return known
    .filter((device) => device.kind === (KINDS[kind] ?? kind) && device.deviceId)
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}
