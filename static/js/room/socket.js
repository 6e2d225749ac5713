import { Emitter } from "./emitter.js";

/** Close codes after which coming back makes no sense (see PROTOCOL: close codes). */
const FINAL = new Set([4400, 4401, 4403, 4404, 4409, 4410]);
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const ASK_EVERY = 5_000;
const ANSWER_WITHIN = 9_000;

/**
 * One socket that comes back by itself.
 *
 * Emits "open", "lost" (will try again), "refused" (final, with the code), "blocked" (never opened
 * after three tries: a proxy in a school or hospital may refuse sockets) and "message" for each
 * JSON message, also under its own type.
 */
export class RoomSocket extends Emitter {
  #url;
  #socket = null;
  #tries = 0;
  #everOpen = false;
  #stopped = false;
  #timer = 0;
  #lastHeard = 0;
  #askedAt = 0;

  constructor(url) {
    super();
    this.#url = url;
    // A laptop that wakes or a phone that finds its network again should not sit out the back-off.
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
    setInterval(() => this.#beat(), ASK_EVERY);
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.#stopped = false;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#everOpen = true;
      this.#tries = 0;
      this.#lastHeard = Date.now();
      this.#askedAt = 0;
      this.emit("open");
    });
    socket.addEventListener("message", (event) => this.#hear(event.data));
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
  }

  /** @returns {boolean} false when there is no open socket: nothing is queued here */
  send(type, payload = {}) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify({ type, ...payload }));
    return true;
  }

  close() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #hear(data) {
    this.#lastHeard = Date.now();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    this.emit("message", message);
    this.emit(message.type, message);
  }

  #closed(code) {
    if (this.#stopped) return;
    if (FINAL.has(code)) {
      this.#stopped = true;
      this.emit("refused", code);
      return;
    }
    this.#tries += 1;
    this.emit("lost", code);
    if (!this.#everOpen && this.#tries === 3) this.emit("blocked");
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#tries - 1));
    // Jitter: a restarted server should not meet every room in the same second.
    this.#timer = setTimeout(() => this.open(), wait * (0.5 + Math.random() / 2));
  }

  #hurry() {
    if (this.#stopped || this.isOpen || this.#socket?.readyState === WebSocket.CONNECTING) return;
    if (this.#socket) this.open();
  }

  /**
   * A dead network closes nothing: ask, and give up on a socket that does not answer. Counted from
   * the question: a page in the background is woken once a minute only.
   */
  #beat() {
    if (!this.isOpen) return;
    const waiting = this.#askedAt > this.#lastHeard;
    if (waiting && Date.now() - this.#askedAt > ANSWER_WITHIN) {
      this.#socket.close();
      // The browser says so only when the other side agrees, or after a minute.
      this.#closed(1006);
      return;
    }
    if (!waiting) this.#askedAt = Date.now();
    this.send("ping");
  }
}
