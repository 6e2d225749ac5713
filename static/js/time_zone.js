// A select for a time zone starts with this device's own zone. What somebody chose stays: after an
// answer with errors nothing is guessed.
export function start() {
  if (document.querySelector("[data-error-summary]")) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const select of document.querySelectorAll("[data-guess-time-zone]")) {
    if (!zone || zone === "UTC") return; // what a device says that hides its zone
    if (![...select.options].some((option) => option.value === zone)) {
      select.add(new Option(zone.replaceAll("_", " "), zone)); // an old name: the server knows it
    }
    select.value = zone;
  }
}
