import { Emitter } from "./emitter.js";
import { Quality, worst } from "./quality.js";
import { PeerStats } from "./stats.js";

const EVERY = 1_000;
/** Seconds of "poor" after which pictures are given up for the sake of sound. */
const GIVE_UP_PICTURES = 8;

/**
 * Looks at every connection once a second. Emits "grade" (worst of all), "numbers" (for the probe)
 * and "give-up-pictures" when the connection stays poor.
 */
export class Watch extends Emitter {
  #mesh;
  #seen = new Map();
  #poorFor = 0;
  #expectsVideo;

  /** @param {import("./mesh.js").Mesh} mesh @param {(id: string) => boolean} expectsVideo */
  constructor(mesh, expectsVideo) {
    super();
    this.#mesh = mesh;
    this.#expectsVideo = expectsVideo;
    setInterval(() => this.#look(), EVERY);
  }

  forget(id) {
    this.#seen.delete(id);
  }

  async #look() {
    const peers = [...this.#mesh.entries()].filter(([, peer]) => peer.state === "connected");
    const found = await Promise.all(peers.map(([id, peer]) => this.#read(id, peer)));
    const rows = found.filter(Boolean);
    const grade = worst(rows.map((row) => row.grade));
    this.#poorFor = rows.length > 0 && grade === "poor" ? this.#poorFor + 1 : 0;
    if (this.#poorFor === GIVE_UP_PICTURES) this.emit("give-up-pictures");
    this.emit("grade", rows.length > 0 ? grade : null);
    this.emit("numbers", this.#numbers(rows));
  }

  async #read(id, peer) {
    const known = this.#seen.get(id) ?? { stats: new PeerStats(), quality: new Quality(), age: 0 };
    this.#seen.set(id, known);
    try {
      const row = await known.stats.read(peer.pc);
      known.age += 1;
      // The first seconds are the codec finding its speed, not a bad connection.
      const expectsVideo = known.age > 4 && this.#expectsVideo(id);
      return { id, ...row, grade: known.quality.add({ ...row, expectsVideo }) };
    } catch {
      return null;
    }
  }

  /** The least over all people: "moving" and "heard" must be true of everyone. */
  #numbers(rows) {
    const least = (key) => (rows.length ? Math.min(...rows.map((row) => row[key])) : 0);
    return {
      peers: rows.length,
      remoteFrames: least("framesDecoded"),
      remoteLevel: least("level").toFixed(4),
      path: [...new Set(rows.map((row) => row.path))].join(" "),
    };
  }
}
