import { find, say, show, word } from "./dom.js";

/**
 * One line of the device check: its state in words and as an icon.
 * @typedef {"idle" | "busy" | "works" | "help"} StepState
 */
export class Step {
  /** @param {string} name of `<li data-step="camera">` */
  constructor(name) {
    this.name = name;
    this.root = find(`[data-step="${name}"]`);
    this.result = find("[data-step-result]", this.root);
  }

  /** @param {StepState} state @param {string} key of the words shown */
  set(state, key = `${this.name}_${state}`) {
    this.root.dataset.state = state;
    say(this.result, word(key));
  }

  body(visible) {
    show(find("[data-step-body]", this.root), visible);
  }
}
