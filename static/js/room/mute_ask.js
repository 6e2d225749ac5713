import { find, on, show } from "./dom.js";

/** The therapist asks; the person decides. Nobody is muted from outside. */
export function muteAsk(root, mute) {
  const box = find("[data-mute-ask]", root);
  const answer = (yes) => {
    show(box, false);
    if (yes) mute();
    find('[data-control="microphone"]', root).focus();
  };
  on(root, "click", "[data-mute-yes]", () => answer(true));
  on(root, "click", "[data-mute-no]", () => answer(false));
  return () => {
    show(box);
    find("[data-mute-yes]", box).focus();
  };
}
