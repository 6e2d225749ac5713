/** Which help to show: settings sit in another place in each browser. */

/** @returns {"ios" | "android" | "edge" | "firefox" | "chrome" | "safari"} */
export function browserName(agent = navigator.userAgent, touches = navigator.maxTouchPoints) {
  // An iPad says it is a Mac; no Mac has a touch screen.
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touches > 1)) return "ios";
  if (/Android/.test(agent)) return "android";
  if (/Edg\//.test(agent)) return "edge";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Chrome\/|Chromium\//.test(agent)) return "chrome";
  return "safari";
}
