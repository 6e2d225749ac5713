import { find, say, show, word } from "./dom.js";

/** What the waiting room says; "knows you are here" only when the server says so. */
export function waitingView(root) {
  const status = find("[data-waiting-status]", root);
  const set = (state) => {
    if (!status) return;
    status.dataset.state = state;
    say(find("[data-waiting-words]", status), word(`waiting_${state}`));
  };
  return {
    set,
    sentBack: (back) => show(find("[data-sent-back]", root), back),
  };
}
