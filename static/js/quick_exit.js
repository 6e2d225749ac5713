// Leave at once: blank this page, then replace it, so that "back" does not return to it.
// The button is a plain link without a script. Escape three times within two seconds does the same.
const PRESSES = 3;
const WITHIN_MS = 2000;

function leave(link) {
  document.title = "Weather";
  document.body.hidden = true;
  document.documentElement.classList.add("leaving");
  location.replace(link.href);
}

export function start(say) {
  const link = document.querySelector("[data-quick-exit]");
  if (!link) return;
  // There is a second one where a dialog covers the first.
  document.querySelectorAll("[data-quick-exit]").forEach((one) => one.addEventListener("click", (event) => {
    event.preventDefault();
    leave(one);
  }));
  let times = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    const now = performance.now();
    times = [...times.filter((time) => now - time < WITHIN_MS), now];
    if (times.length >= PRESSES) leave(link);
    else if (times.length === PRESSES - 1) say("Press Escape once more to leave.");
  });
}
