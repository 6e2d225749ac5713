import { find, fromTemplate, on, say, show, word } from "./dom.js";
import { Emitter } from "./emitter.js";

/**
 * The lists of who waits and who is in. Emits "act" ({verb, id}) from the therapist's buttons:
 * verbs admit, admit_all, send_back, ask_mute.
 *
 * @typedef {{id: string, name: string, part: string, place: string, here: boolean}} Person
 */
export class People extends Emitter {
  #root;
  #self;
  #therapist;

  constructor(root, { self, therapist }) {
    super();
    this.#root = root;
    this.#self = self;
    this.#therapist = therapist;
    on(root, "click", "[data-act]", (_, button) => {
      this.emit("act", { verb: button.dataset.act, id: button.closest("li").dataset.person });
    });
    find("[data-admit-all]", root)?.addEventListener("click", () => {
      this.emit("act", { verb: "admit_all" });
    });
  }

  /** @param {Person[]} people @param {{mayAdmit: boolean}} rules */
  render(people, { mayAdmit }) {
    const inRoom = people.filter((person) => person.place === "admitted");
    this.#fill(find("[data-room-list]", this.#root), inRoom, (person) => this.#inButtons(person));
    if (!this.#therapist) return;
    const waiting = people.filter((person) => person.place === "waiting" && person.here);
    const buttons = () => [["admit", !mayAdmit]];
    this.#fill(find("[data-waiting-list]", this.#root), waiting, buttons);
    show(find("[data-waiting-block]", this.#root), waiting.length > 0);
    show(find("[data-admit-all]", this.#root), waiting.length > 1 && mayAdmit);
    show(find("[data-checklist-hint]", this.#root), !mayAdmit);
    const count = find("[data-waiting-count]", this.#root);
    show(count, waiting.length > 0);
    say(count, String(waiting.length));
  }

  #inButtons(person) {
    if (!this.#therapist || person.id === this.#self.id) return [];
    return [["ask_mute"], ["send_back"]];
  }

  /** Rows are kept by person: a list that is rebuilt would lose the keyboard's place. */
  #fill(list, people, buttonsFor) {
    const rows = new Map([...list.children].map((row) => [row.dataset.person, row]));
    for (const person of people) {
      const row = rows.get(person.id) ?? this.#row(person, buttonsFor(person));
      rows.delete(person.id);
      for (const [verb, disabled] of buttonsFor(person)) {
        find(`[data-act="${verb}"]`, row).disabled = Boolean(disabled);
      }
      say(find("[data-person-part]", row), this.#describe(person));
      if (row.parentNode !== list) list.append(row);
    }
    for (const gone of rows.values()) gone.remove();
  }

  #describe(person) {
    const part = word(`part_${person.part}`);
    if (person.id === this.#self.id) return `${part} · ${word("you")}`;
    return person.here ? part : `${part} · ${word("away")}`;
  }

  #row(person, buttons) {
    const row = fromTemplate("person-template");
    row.dataset.person = person.id;
    say(find("[data-person-name]", row), person.name);
    say(find("[data-person-letter]", row), person.name.slice(0, 1).toUpperCase());
    for (const [verb] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `btn btn-sm ${verb === "admit" ? "btn-primary" : "btn-secondary"}`;
      button.dataset.act = verb;
      button.textContent = word(verb);
      button.setAttribute("aria-label", word(`${verb}_name`, { name: person.name }));
      find("[data-person-buttons]", row).append(button);
    }
    return row;
  }
}
