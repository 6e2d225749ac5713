import { Emitter } from "./emitter.js";

const RETRY_AFTER = 6_000;

/**
 * Lines on their way. Each has a nonce made here, so sending one again is harmless.
 *
 * `bySocket(line)` says whether it could be handed to the socket; `byForm(line)` posts it and
 * resolves to the server's acknowledgement. Emits "changed" (line) and "settled" (line).
 *
 * @typedef {{nonce: string, text: string, state: "sending" | "late" | "refused", tries: number}} Line
 */
export class Outbox extends Emitter {
  #lines = new Map();
  #bySocket;
  #byForm;

  constructor({ bySocket, byForm }) {
    super();
    this.#bySocket = bySocket;
    this.#byForm = byForm;
    setInterval(() => this.flush(), RETRY_AFTER);
  }

  get isEmpty() {
    return this.#lines.size === 0;
  }

  /** @returns {Line} */
  add(text) {
    const line = { nonce: newNonce(), text, state: "sending", tries: 0, sentAt: 0 };
    this.#lines.set(line.nonce, line);
    this.emit("changed", line);
    this.#push(line);
    return line;
  }

  /** Send what is not acknowledged yet: after a reconnect (`all`), or because time passed. */
  flush({ all = false } = {}) {
    for (const line of this.#lines.values()) {
      const due = all || Date.now() - line.sentAt > RETRY_AFTER;
      if (line.state !== "refused" && due) this.#push(line);
    }
  }

  settle(nonce) {
    const line = this.#lines.get(nonce);
    if (!line) return;
    this.#lines.delete(nonce);
    this.emit("settled", line);
  }

  /** The server says no for good (too long, not allowed now): the words go back to the writer. */
  refuse(nonce, reason) {
    const line = this.#lines.get(nonce);
    if (!line) return;
    this.#lines.delete(nonce);
    this.emit("refused", { ...line, reason });
  }

  async #push(line) {
    line.sentAt = Date.now();
    line.tries += 1;
    if (this.#bySocket(line)) {
      if (line.tries > 1) this.#late(line);
      return;
    }
    this.#late(line);
    const answer = await this.#byForm(line).catch(() => null);
    if (answer?.refused) this.refuse(line.nonce, answer.refused);
    else if (answer) this.settle(line.nonce);
  }

  #late(line) {
    line.state = "late";
    this.emit("changed", line);
  }
}

/** `randomUUID` exists only in secure contexts; a chat over plain http must still work. */
export function newNonce() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
