import { browserName } from "./browser.js";
import { all, show } from "./dom.js";

/**
 * Show the help for one refusal in the words for this browser, and hide all other help.
 *
 * The page holds `<div data-refusal="denied"><p data-browser="firefox">…</p>…</div>`; a paragraph
 * without `data-browser` is for everybody.
 *
 * @param {ParentNode} root @param {import("./media.js").Refusal | null} refusal null hides all
 */
export function showRefusal(root, refusal) {
  const mine = browserName();
  for (const block of all("[data-refusal]", root)) {
    show(block, block.dataset.refusal === refusal);
    for (const line of all("[data-browser]", block)) {
      show(line, line.dataset.browser.split(" ").includes(mine));
    }
  }
}
