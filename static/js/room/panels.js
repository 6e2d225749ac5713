import { all, find, on, show } from "./dom.js";
import { Emitter } from "./emitter.js";

/** Wide enough for a column beside the pictures: there one panel is always open. */
const WIDE = window.matchMedia("(min-width: 62rem)");

/** One panel at a time: a sheet on phones, a column on desktops. Escape closes the sheet. */
export class Panels extends Emitter {
  #root;
  #opener = null;

  constructor(root) {
    super();
    this.#root = root;
    on(root, "click", "[data-open-panel]", (_, button) => this.toggle(button));
    on(root, "click", "[data-close-panel]", () => this.close());
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.current && !WIDE.matches) this.close();
    });
    WIDE.addEventListener("change", () => this.settle());
    this.settle();
  }

  get current() {
    return this.#root.dataset.panel || "";
  }

  settle(preferred = "") {
    if (WIDE.matches && !this.current) this.open(preferred || "chat", { focus: false });
    else if (!WIDE.matches && !preferred) this.open("");
    else this.open(preferred || this.current, { focus: false });
  }

  toggle(button) {
    const name = button.dataset.openPanel;
    this.#opener = button;
    if (this.current === name && !WIDE.matches) this.close();
    else this.open(name);
  }

  open(name, { focus = true } = {}) {
    this.#root.dataset.panel = name;
    for (const panel of all("[data-panel]", find("[data-panels]", this.#root))) {
      show(panel, panel.dataset.panel === name);
      if (focus && panel.dataset.panel === name) find("[tabindex]", panel)?.focus();
    }
    for (const button of all("[data-open-panel]", this.#root)) {
      button.setAttribute("aria-expanded", String(button.dataset.openPanel === name));
    }
    this.emit("opened", name);
  }

  close() {
    this.open(WIDE.matches ? "chat" : "", { focus: false });
    this.#opener?.focus();
    this.#opener = null;
  }
}
