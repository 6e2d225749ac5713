// A sign-in ends when nothing happens for a while (the server does that). Two minutes before, ask;
// when it has ended, cover the page and keep what was typed in it until the same person is back.
// Nothing is stored: the words stay in the fields. Hooks: components/idle.html.
const WARN = 120; // seconds before the end
const TELL_EVERY = 60; // seconds between two words to the server that somebody is here
const ASK_AGAIN = 4; // seconds between two looks whether somebody signed in again
const SPEAK_AT = new Set([60, 20]);

class Idle {
  constructor(box, say) {
    this.box = box;
    this.say = say;
    this.part = {
      warning: box.querySelector("[data-idle-warning]"),
      ended: box.querySelector("[data-idle-ended]"),
      clock: box.querySelector("[data-idle-clock]"),
    };
    this.state = "here"; // warned, ended
    this.told = Date.now();
    this.asking = false;
    this.lasts(Number(box.dataset.idleSeconds));
    for (const kind of ["keydown", "pointerdown", "input"]) {
      document.addEventListener(kind, (event) => this.active(event), { passive: true, capture: true });
    }
    // A laptop that wakes, or a tab that is looked at again, must not show what is over.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.tick(); });
    window.addEventListener("pageshow", () => this.tick());
    box.querySelector("[data-idle-stay]").addEventListener("click", () => this.stay());
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (this.state === "warned") this.stay();
    });
    setInterval(() => this.tick(), 1000);
  }

  lasts(seconds) { this.endsAt = Date.now() + seconds * 1000; }

  left() { return Math.ceil((this.endsAt - Date.now()) / 1000); }

  active(event) {
    if (this.state !== "here" || this.box.contains(event.target)) return;
    if (Date.now() - this.told > TELL_EVERY * 1000) this.ask("POST");
  }

  stay() { this.ask("POST"); }

  tick() {
    const left = this.left();
    if (this.state === "ended") {
      if (!document.hidden && Date.now() - this.lookedAt > ASK_AGAIN * 1000) this.ask("GET");
    } else if (left <= 0) {
      this.end();
      this.ask("GET"); // another window may have gone on: then this one opens again
    } else if (left <= WARN) {
      if (this.state === "here") this.ask("GET", () => this.warn());
      this.count(left);
    }
  }

  // The server knows best: another window, or the live room, counts as being here.
  async ask(method, otherwise = () => {}) {
    if (this.asking) return;
    this.asking = true;
    this.lookedAt = Date.now();
    try {
      const headers = { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" };
      if (method === "POST") {
        this.told = Date.now();
        headers["X-CSRFToken"] = this.box.querySelector("[name=csrfmiddlewaretoken]").value;
      }
      const answer = await fetch(this.box.dataset.stateUrl, { method, headers, cache: "no-store" });
      if (answer.ok) this.heard(await answer.json(), otherwise);
      else otherwise();
    } catch {
      otherwise(); // no network: the clock here goes on
    } finally {
      this.asking = false;
    }
  }

  heard(now, otherwise) {
    if (now.person && now.person !== this.box.dataset.person) {
      // Somebody else signed in: these words are not theirs to see.
      document.body.hidden = true;
      location.replace(this.box.dataset.homeUrl);
      return;
    }
    if (!now.person) {
      this.end();
      return;
    }
    this.lasts(now.seconds);
    if (now.seconds <= WARN) {
      otherwise();
      return;
    }
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = now.token; });
    if (this.state !== "here") this.close();
  }

  show(which) {
    for (const name of ["warning", "ended"]) this.part[name].hidden = name !== which;
    const prefix = which === "ended" ? "idle-ended" : "idle";
    this.box.setAttribute("aria-labelledby", `${prefix}-title`);
    this.box.setAttribute("aria-describedby", `${prefix}-text`);
    this.box.classList.toggle("idle-covers", which === "ended");
    if (!this.box.open) {
      this.before = document.activeElement;
      this.box.showModal();
    }
    this.part[which].querySelector(".btn-primary").focus();
  }

  warn() {
    if (this.state !== "here") return;
    this.state = "warned";
    this.show("warning");
    this.count(this.left());
  }

  count(left) {
    if (this.state !== "warned" || left <= 0) return;
    const minutes = Math.floor(left / 60);
    this.part.clock.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
    if (SPEAK_AT.has(left)) this.say(this.box.dataset.idleSay.replace("%", left));
  }

  end() {
    if (this.state === "ended") return;
    this.state = "ended";
    this.endsAt = 0;
    this.show("ended");
  }

  close() {
    this.state = "here";
    this.box.close();
    this.box.classList.remove("idle-covers");
    if (this.before && this.before.isConnected) this.before.focus();
  }
}

export function start(say) {
  const box = document.querySelector("dialog[data-idle]");
  if (box && box.showModal) new Idle(box, say);
}
