// <form data-autosave="URL"> is saved as it is typed, by a POST of its own fields with the header
// X-Autosave: 1. Nothing is kept in the browser. Answers:
//   2xx  saved; JSON {"version": n} goes back into the field named "version", so that the next
//        save is not refused as stale
//   409  somebody else changed it: saving stops and says so
//   422  not valid yet: keeps what is typed, tries again at the next change
//   else or no answer: tries again, more slowly each time
// A [data-autosave-status] inside or named by data-autosave-status-id says what happened.
const PAUSE_MS = 1200;
const SLOWEST_MS = 30000;

class Autosave {
  constructor(form) {
    this.form = form;
    this.status = document.getElementById(form.dataset.autosaveStatusId || "")
      || form.querySelector("[data-autosave-status]");
    this.timer = 0;
    this.tries = 0;
    this.dirty = false;
    this.saving = false;
    this.stopped = false;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("submit", () => { this.stop(); });
    // The quick exit asks nothing: a question would keep the page on the screen.
    window.addEventListener("beforeunload", (event) => {
      const leaving = document.documentElement.classList.contains("leaving");
      if ((this.dirty || this.saving) && !leaving) event.preventDefault();
    });
    window.addEventListener("online", () => { if (this.dirty) this.soon(0); });
  }

  say(text, state) {
    if (!this.status) return;
    this.status.textContent = text;
    this.status.dataset.state = state;
  }

  stop() {
    this.stopped = true;
    this.dirty = false;
    clearTimeout(this.timer);
  }

  changed() {
    if (this.stopped) return;
    this.dirty = true;
    this.tries = 0;
    this.say("Not saved yet", "waiting");
    this.soon(PAUSE_MS);
  }

  soon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  async save() {
    if (this.saving) { this.soon(PAUSE_MS); return; }
    this.saving = true;
    this.dirty = false;
    this.say("Saving", "saving");
    try {
      const answer = await fetch(this.form.dataset.autosave, {
        method: "POST",
        body: new FormData(this.form),
        headers: { "X-Autosave": "1", Accept: "application/json" },
        credentials: "same-origin",
      });
      await this.answered(answer);
    } catch {
      this.again();
    } finally {
      this.saving = false;
    }
  }

  async answered(answer) {
    if (this.stopped) return;
    if (answer.ok && !answer.redirected) {
      const type = answer.headers.get("Content-Type") || "";
      const body = type.includes("json") ? await answer.json() : {};
      const version = this.form.elements.namedItem("version");
      if (version && body.version !== undefined) version.value = body.version;
      if (this.dirty) { this.soon(PAUSE_MS); return; }
      const clock = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      this.say(`Saved ${clock}`, "saved");
    } else if (answer.status === 409) {
      this.stop();
      this.dirty = true; // leaving the page still asks first: the words are only here
      this.say("Changed somewhere else. Copy your words, then reload this page.", "stale");
    } else if (answer.status === 422) {
      this.dirty = true;
      this.say("Not saved: something is missing", "waiting");
    } else {
      this.again();
    }
  }

  again() {
    this.dirty = true;
    this.tries += 1;
    this.say("Not saved. Trying again", "waiting");
    this.soon(Math.min(SLOWEST_MS, PAUSE_MS * 2 ** this.tries));
  }
}

export function start() {
  document.querySelectorAll("form[data-autosave]").forEach((form) => new Autosave(form));
}
