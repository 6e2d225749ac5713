import { find } from "./dom.js";

/** Say something to screen readers once, without moving anybody's focus. */
export function announce(text) {
  const region = find("[data-announce]");
  if (!region || !text) return;
  // The same sentence twice is only spoken when the region was empty in between.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
