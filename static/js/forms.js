// A form is sent once: a second press while it is under way does nothing (the server refuses it
// too). After an answer with errors, the summary is read out and has the focus.
function busy(form, on) {
  if (on) form.dataset.sent = "yes";
  else delete form.dataset.sent;
  form.setAttribute("aria-busy", String(on));
}

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    if (form.dataset.sent) event.preventDefault();
    else if (!event.defaultPrevented) busy(form, true);
  });
  // "Back" may show the page as it was left.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => busy(form, false));
  });
  const focusErrors = (root) => {
    const summary = root.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  };
  focusErrors(document);
  document.addEventListener("htmx:afterSettle", (event) => focusErrors(event.detail.elt));
}
