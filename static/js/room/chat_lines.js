import { find, fromTemplate, say, show, word } from "./dom.js";

const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** The list of messages: ordered by number, own lines on their way at the end. */
export class ChatLines {
  #list;
  #empty;

  constructor(root) {
    this.#list = find("[data-chat-lines]", root);
    this.#empty = find("[data-chat-empty]", root);
    for (const time of this.#list.querySelectorAll("time")) {
      say(time, clock.format(new Date(time.dateTime)));
    }
  }

  /** The highest number on the page. */
  lastSeq() {
    return Math.max(0, ...[...this.#list.children].map((row) => Number(row.dataset.seq || 0)));
  }

  /** A line of mine that is not acknowledged yet. @param {import("./outbox.js").Line} line */
  pending(line) {
    const row = this.#byNonce(line.nonce) ?? this.#make({ ...line, mine: true });
    row.dataset.state = line.state;
    say(find("[data-line-state]", row), word(`chat_${line.state}`));
    if (row.parentNode !== this.#list) this.#place(row);
  }

  /** @param {{seq: number, nonce: string, name: string, text: string, at: string, mine: boolean}} message */
  settled(message) {
    if (find(`[data-seq="${message.seq}"]`, this.#list)) return false;
    const row = this.#byNonce(message.nonce) ?? this.#make(message);
    row.dataset.seq = message.seq;
    row.dataset.state = "delivered";
    const at = message.at ? clock.format(new Date(message.at)) : "";
    say(find("[data-line-state]", row), message.mine ? word("chat_delivered", { at }) : at);
    this.#place(row);
    return true;
  }

  remove(nonce) {
    this.#byNonce(nonce)?.remove();
  }

  #byNonce(nonce) {
    return nonce ? find(`[data-nonce="${CSS.escape(nonce)}"]`, this.#list) : null;
  }

  #make({ nonce, name, text, mine }) {
    const row = fromTemplate("line-template");
    row.dataset.nonce = nonce ?? "";
    row.classList.toggle("is-mine", mine);
    say(find("[data-line-from]", row), mine ? word("you") : name);
    say(find("[data-line-text]", row), text);
    return row;
  }

  #place(row) {
    show(this.#empty, false);
    const near = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 120;
    const seq = Number(row.dataset.seq || Infinity);
    const after = [...this.#list.children].find(
      (other) => other !== row && Number(other.dataset.seq || Infinity) > seq,
    );
    if (row.parentNode !== this.#list || row.nextElementSibling !== (after ?? null)) {
      this.#list.insertBefore(row, after ?? null);
    }
    // Reading further up is not disturbed.
    if (near || row.classList.contains("is-mine")) this.#list.scrollTop = this.#list.scrollHeight;
  }
}
