import { announce } from "./announce.js";
import { find, on, show, word } from "./dom.js";

/**
 * What only the therapist can do: let in, send back, ask to mute, end for everyone.
 * The server decides each of them again.
 */
export function therapist({ root, people, socket, probe, nameOf }) {
  people.on("act", ({ verb, id }) => {
    if (verb === "admit" || verb === "admit_all") {
      probe.set({ admittedAt: performance.timeOrigin + performance.now() });
    }
    socket.send(verb, id ? { participant: id } : {});
    if (verb === "ask_mute") announce(word("asked_mute", { name: nameOf(id) }));
  });
  on(root, "click", "[data-end-ask]", () => confirmEnd(true));
  on(root, "click", "[data-end-no]", () => confirmEnd(false));
  on(root, "click", "[data-end-yes]", () => socket.send("end"));

  function confirmEnd(asking) {
    show(find("[data-end-ask]", root), !asking);
    show(find("[data-end-confirm]", root), asking);
    find(asking ? "[data-end-no]" : "[data-end-ask]", root)?.focus();
  }
}
