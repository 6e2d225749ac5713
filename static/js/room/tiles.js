import { find, fromTemplate, say, show, word } from "./dom.js";
import { Emitter } from "./emitter.js";

/**
 * One tile per other person: picture, name, and in words what is missing.
 *
 * Emits "first-frame" (id) when the first decoded frame of a tile is shown, and "silent" when the
 * browser wants a touch before it plays sound.
 */
export class Tiles extends Emitter {
  #root;
  #tiles = new Map();

  constructor(root) {
    super();
    this.#root = root;
  }

  get(id) {
    return this.#tiles.get(id);
  }

  /** @param {{id: string, name: string}} person */
  ensure({ id, name }) {
    const tile = this.#tiles.get(id) ?? this.#make(id);
    say(find("[data-tile-name]", tile), name);
    say(find("[data-tile-letter]", tile), name.slice(0, 1).toUpperCase());
    return tile;
  }

  addTrack(id, track) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    const video = find("video", tile);
    const stream = video.srcObject ?? new MediaStream();
    for (const old of stream.getTracks()) if (old.kind === track.kind) stream.removeTrack(old);
    stream.addTrack(track);
    video.srcObject = stream;
    if (track.kind === "video") this.#watch(id, tile, video);
    video.play().catch((error) => error.name === "NotAllowedError" && this.emit("silent"));
  }

  /** @param {{connected?: boolean, camera?: boolean, microphone?: boolean}} facts */
  facts(id, facts) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    Object.assign(tile.facts, facts);
    const { connected, camera, microphone } = tile.facts;
    tile.dataset.connected = connected;
    tile.dataset.camera = camera;
    show(find("[data-tile-off]", tile), !connected || !camera);
    const words = !connected ? "tile_connecting" : camera ? "" : "tile_camera_off";
    say(find("[data-tile-off-words]", tile), words ? word(words) : "");
    show(find("[data-tile-muted]", tile), !microphone);
  }

  drop(id) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    find("video", tile).srcObject = null;
    tile.remove();
    this.#tiles.delete(id);
    this.#count();
  }

  clear() {
    for (const id of [...this.#tiles.keys()]) this.drop(id);
  }

  /** After the touch the browser asked for. */
  playAll() {
    for (const tile of this.#tiles.values()) find("video", tile).play().catch(() => {});
  }

  setSpeaker(deviceId) {
    for (const tile of this.#tiles.values()) {
      find("video", tile).setSinkId?.(deviceId).catch(() => {});
    }
  }

  #make(id) {
    const tile = fromTemplate("tile-template");
    tile.dataset.tile = id;
    tile.facts = { connected: false, camera: true, microphone: true };
    this.#tiles.set(id, tile);
    this.#root.append(tile);
    this.#count();
    this.facts(id, {});
    return tile;
  }

  #count() {
    this.#root.dataset.count = this.#tiles.size;
  }

  #watch(id, tile, video) {
    const first = () => {
      if (!tile.dataset.firstFrameAt) {
        tile.dataset.firstFrameAt = performance.timeOrigin + performance.now();
      }
      this.facts(id, { connected: true });
      this.emit("first-frame", id);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(first);
    else video.addEventListener("loadeddata", first, { once: true });
  }
}
