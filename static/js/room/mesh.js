import { Emitter } from "./emitter.js";
import { Peer } from "./peer.js";

/** Prepared connections age: a router forgets an idle mapping after a few minutes. */
const WARM_FOR = 4 * 60_000;
const NUDGE_AFTER = 4_000;

/**
 * Everybody's connection to everybody (up to 4). Who comes later offers to those who are there.
 *
 * Emits "signal" ({to, data}), "track" ({id, track}), "state" ({id, state}), "note" ({id, ...}),
 * "gone" (id).
 */
export class Mesh extends Emitter {
  #peers = new Map();
  #config = { iceServers: [] };
  #tracks = { audio: null, video: null };
  #wanted = new Map();
  #warm = null;
  #warmTimer = 0;
  #spare = null;
  #mine = "";
  #notes = {};
  #expected = new Set();

  get size() {
    return this.#peers.size;
  }

  /** @returns {Iterable<[string, Peer]>} */
  entries() {
    return this.#peers.entries();
  }

  stateOf(id) {
    return this.#peers.get(id)?.state ?? "none";
  }

  /** @param {{servers: RTCIceServer[], relayOnly: boolean}} settings */
  setServers({ servers, relayOnly }) {
    this.#config = {
      iceServers: servers,
      iceTransportPolicy: relayOnly ? "relay" : "all",
      bundlePolicy: "max-bundle",
      // Addresses are gathered when a connection is made, not when its offer or answer is.
      iceCandidatePoolSize: 1,
    };
    for (const peer of this.#peers.values()) peer.setServers(this.#config);
    this.#warm?.setServers(this.#config);
    this.#spare?.setServers(this.#config);
  }

  setMine(id) {
    this.#mine = id;
  }

  async setTrack(kind, track) {
    this.#tracks[kind] = track;
    const peers = [...this.#peers].map(([id, peer]) => peer.setTrack(kind, this.#for(id, kind)));
    const idle = [this.#warm, this.#spare].map((peer) => peer?.setTrack(kind, track));
    await Promise.all([...peers, ...idle]);
  }

  /** The other side asked for sound only (or for the picture again). */
  async setWanted(id, wantsVideo) {
    this.#wanted.set(id, wantsVideo);
    await this.#peers.get(id)?.setTrack("video", this.#for(id, "video"));
  }

  tell(notes) {
    this.#notes = { ...this.#notes, ...notes };
    for (const peer of this.#peers.values()) peer.tell(notes);
  }

  /** While waiting: make the offer and gather addresses, so that being let in is quick. */
  async prepare({ anew = false } = {}) {
    if (this.#warm && !anew) return;
    this.#cool();
    const peer = this.#new();
    this.#warm = peer;
    this.#warmTimer = setTimeout(() => this.prepare({ anew: true }), WARM_FOR);
    await peer.start({ hold: true });
  }

  /**
   * Keep exactly one connection for each of `ids`.
   * @param {string[]} ids @param {{offer: boolean}} options whether I am the one who came
   */
  keep(ids, { offer }) {
    this.#expected = new Set(ids);
    for (const id of [...this.#peers.keys()]) if (!ids.includes(id)) this.drop(id);
    for (const id of ids) {
      if (this.#peers.has(id)) continue;
      if (offer) this.#call(id);
      else this.#nudge(id);
    }
  }

  /** The socket was away and is back. */
  async resync() {
    await Promise.all([...this.#peers.values()].map((peer) => peer.resync()));
  }

  async hear(from, data) {
    const peer = this.#peers.get(from) ?? this.#add(from, this.#new());
    await peer.hear(data);
  }

  drop(id) {
    this.#peers.get(id)?.close();
    this.#peers.delete(id);
    this.#wanted.delete(id);
    this.emit("gone", id);
  }

  /** Never alone, sent back, or the end: every connection closes, the local tracks stay. */
  closeAll() {
    this.#expected.clear();
    this.#cool();
    for (const id of [...this.#peers.keys()]) this.drop(id);
  }

  #for(id, kind) {
    return kind === "video" && this.#wanted.get(id) === false ? null : this.#tracks[kind];
  }

  /** One connection is kept ready to answer with: making it takes time just when it matters. */
  keepSpare() {
    for (const peer of this.#peers.values()) if (peer.state !== "connected") return;
    this.#spare ??= this.#new();
  }

  #new() {
    const spare = this.#spare;
    this.#spare = null;
    return spare ?? new Peer({ polite: true, config: this.#config, tracks: this.#tracks });
  }

  #add(id, peer) {
    peer.setPolite(this.#mine > id);
    this.#peers.set(id, peer);
    peer.on("signal", (data) => this.emit("signal", { to: id, data }));
    peer.on("track", (track) => this.emit("track", { id, track }));
    peer.on("state", (state) => this.emit("state", { id, state }));
    peer.on("note", (note) => this.emit("note", { id, ...note }));
    peer.tell(this.#notes);
    return peer;
  }

  #call(id) {
    const warm = this.#warm;
    this.#warm = null;
    clearTimeout(this.#warmTimer);
    const peer = this.#add(id, warm ?? this.#new());
    if (warm) peer.release();
    else peer.start();
  }

  /** Who comes offers; if that offer got lost on the way, ask again from this side. */
  #nudge(id) {
    setTimeout(() => {
      if (this.#expected.has(id) && !this.#peers.has(id)) this.#call(id);
    }, NUDGE_AFTER);
  }

  #cool() {
    clearTimeout(this.#warmTimer);
    this.#warm?.close();
    this.#spare?.close();
    this.#warm = this.#spare = null;
  }
}
