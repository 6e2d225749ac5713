// Light, dark or as the device. The server already set the right one; this lets a person change it
// on this device. The cookie remembers the choice and what the server said then: when the person
// later changes the theme in their profile, that newer wish wins.
(function () {
  "use strict";
  var root = document.documentElement;
  var server = root.dataset.bsTheme || "auto";
  var MEDIA = { auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all" };

  function remembered() {
    var match = document.cookie.match(/(?:^|; )lantern_theme=(auto|light|dark)\.(auto|light|dark)/);
    return match && match[2] === server ? match[1] : server;
  }

  function show(theme) {
    root.dataset.bsTheme = theme;
    var dark = document.querySelector("link[data-theme-dark]");
    if (dark) dark.media = MEDIA[theme];
    document.querySelectorAll("[data-theme-switch]").forEach(function (box) {
      box.hidden = false;
      box.querySelectorAll("[data-theme]").forEach(function (button) {
        button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
      });
    });
  }

  show(remembered());
  document.addEventListener("DOMContentLoaded", function () { show(remembered()); });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-switch] [data-theme]");
    if (!button) return;
    var secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = "lantern_theme=" + button.dataset.theme + "." + server +
      "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
    show(button.dataset.theme);
  });
})();
