import { find, say, word } from "./dom.js";
import { newNonce } from "./outbox.js";

/**
 * The field and its button. What is typed stays in the field until a line was taken over; a line
 * that the server refused for good comes back into the field.
 */
export class ChatForm {
  #form;
  #field;

  /** @param {(text: string) => void} write */
  constructor(root, write) {
    this.#form = find("[data-chat-form]", root);
    this.#field = find("[data-chat-text]", this.#form);
    // An empty line is simply not sent: no bubble over the controls.
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(write);
    });
    this.#field.addEventListener("keydown", (event) => {
      // On phones Enter makes a new line: the send button is right beside it.
      const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (!enter || window.matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      this.#submit(write);
    });
    this.#field.addEventListener("input", () => this.#grow());
  }

  /** Give words back that could not be sent, in front of what was typed since. */
  giveBack(text, reason) {
    this.#field.value = [text, this.#field.value].filter(Boolean).join("\n");
    this.#grow();
    this.note(reason || word("chat_refused"));
  }

  note(text) {
    say(find("[data-chat-note]", this.#form), text);
  }

  /** The form's own way, for when sockets are blocked. @returns {Promise<object>} */
  async post({ nonce, text }) {
    const body = new FormData(this.#form);
    body.set("nonce", nonce);
    body.set("text", text);
    const answer = await fetch(this.#form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "error",
    });
    if (answer.status >= 500 || answer.status === 429) throw new Error("later");
    const content = await answer.json();
    return answer.ok ? content : { refused: content.message ?? word("chat_refused") };
  }

  /** What was written after `seq`, as the socket would send it. */
  async since(seq) {
    const answer = await fetch(`${this.#form.action}?since=${seq}`, {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error("later");
    return answer.json();
  }

  #submit(write) {
    const text = this.#field.value.trim();
    if (!text) return;
    this.note("");
    write(text);
    this.#field.value = "";
    find("[data-nonce]", this.#form).value = newNonce();
    this.#grow();
  }

  #grow() {
    this.#field.rows = Math.min(5, this.#field.value.split("\n").length);
  }
}
