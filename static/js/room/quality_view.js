import { find, say, show, word } from "./dom.js";

/** Bars and words, never colour alone. */
export function qualityView(root) {
  const view = find("[data-quality-view]", root);
  return (grade) => {
    show(view, Boolean(grade));
    if (!grade) return;
    view.dataset.grade = grade;
    say(find("[data-quality-words]", view), word(`quality_${grade}`));
  };
}
