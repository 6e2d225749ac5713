import { find, say, word } from "./dom.js";

/**
 * A button that says what pressing it does now, and whether its thing is off.
 * Words: `<name>_off` while it is on ("Mute"), `<name>_on` while it is off ("Unmute").
 */
export class Toggle {
  #button;
  #name;

  constructor(root, name, pressed) {
    this.#name = name;
    this.#button = find(`[data-control="${name}"]`, root);
    this.#button.addEventListener("click", () => pressed(!this.off));
  }

  get off() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  set(off) {
    this.#button.setAttribute("aria-pressed", String(off));
    say(find("[data-control-words]", this.#button), word(`${this.#name}_${off ? "on" : "off"}`));
  }
}
