import { all, find, show } from "./dom.js";

/** The whole browser hears of a new address: not while the first picture is on its way. */
const ADDRESS_AFTER = 500;

/**
 * Which of the page's sections is shown: waiting, room, paused, left, ended, removed, elsewhere,
 * refused. The address follows, so that a reload or a bookmark comes back to the same place.
 */
export class Stage {
  #root;
  #naming = 0;

  constructor(root) {
    this.#root = root;
  }

  get now() {
    return this.#root.dataset.stage;
  }

  go(stage) {
    if (this.now === stage) return;
    this.#root.dataset.stage = stage;
    let shown = null;
    for (const section of all("[data-show]", this.#root)) {
      show(section, section.dataset.show === stage);
      if (section.dataset.show === stage) shown = section;
    }
    clearTimeout(this.#naming);
    this.#naming = setTimeout(() => this.#nameAddress(stage), ADDRESS_AFTER);
    // Somebody without sight must hear that the page is another one now.
    find("h1", shown ?? document)?.focus({ preventScroll: true });
  }

  #nameAddress(stage) {
    const { roomUrl, waitUrl } = this.#root.dataset;
    if (stage === "room") history.replaceState(null, "", roomUrl);
    if (stage === "waiting") history.replaceState(null, "", waitUrl);
  }
}
