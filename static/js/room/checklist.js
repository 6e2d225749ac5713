import { find } from "./dom.js";
import { Emitter } from "./emitter.js";

/**
 * The start list is a plain form; with a script it is posted in place, because a page load would
 * end the call. The server's answer is the same form again (with errors, or done).
 */
export class Checklist extends Emitter {
  #root;

  constructor(root) {
    super();
    this.#root = root;
    root.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-checklist-form]")) return;
      event.preventDefault();
      this.#save(event.target);
    });
  }

  async #save(form) {
    const holder = find("[data-checklist]", this.#root);
    holder.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "HX-Request": "true" },
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = find("[data-checklist]", page);
      if (fresh) holder.replaceChildren(...fresh.childNodes);
      const summary = find("[data-error-summary]", holder);
      if (summary) summary.focus();
      else if (answer.ok) this.emit("saved");
    } catch {
      this.emit("unsaved");
    } finally {
      holder.removeAttribute("aria-busy");
    }
  }
}
