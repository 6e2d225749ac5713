import { say } from "./dom.js";

/** How long the session runs; amber in the last five minutes, in words for readers. */
export function timer(element) {
  if (!element) return () => {};
  let started = element.dataset.starts ? new Date(element.dataset.starts) : null;
  const ends = element.dataset.ends ? new Date(element.dataset.ends) : null;
  setInterval(() => {
    if (!started) return;
    const seconds = Math.max(0, Math.floor((Date.now() - started) / 1000));
    const rest = String(seconds % 60).padStart(2, "0");
    say(element, `${Math.floor(seconds / 60)}:${rest}`);
    element.dataset.soon = String(Boolean(ends) && ends - Date.now() < 5 * 60_000);
  }, 1_000);
  return (instant) => {
    started ??= instant ? new Date(instant) : null;
  };
}
