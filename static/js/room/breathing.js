import { find, say, show } from "./dom.js";

/** The calm shape stands still and moves again at one press. */
export function breathing(root) {
  const shape = find("[data-breathing]", root);
  if (!shape) return;
  const button = find("[data-breathing-toggle]", shape);
  show(button, !window.matchMedia("(prefers-reduced-motion: reduce)").matches);
  button.addEventListener("click", () => {
    const playing = shape.dataset.state === "playing";
    shape.dataset.state = playing ? "still" : "playing";
    say(button, playing ? button.dataset.labelPlay : button.dataset.labelPause);
  });
}
