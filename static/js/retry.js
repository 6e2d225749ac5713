// "One moment": ask again until Lantern answers, then show the page. Nothing reloads under a reader's
// eyes before that, and without a script there is the button.
const script = document.querySelector("script[data-retry-after]");
const pause = Number(script.dataset.retryAfter) * 1000;

async function ask() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.status < 500) location.reload();
    else setTimeout(ask, pause);
  } catch {
    setTimeout(ask, pause);
  }
}

setTimeout(ask, pause);
