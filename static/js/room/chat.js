import { ChatForm } from "./chat_form.js";
import { ChatLines } from "./chat_lines.js";
import { find, say, show, word } from "./dom.js";
import { announce } from "./announce.js";
import { Outbox } from "./outbox.js";

/**
 * The chat: own lines at once with their state, others' as they come, in the server's order.
 *
 * @param {{root: HTMLElement, self: {id: string}, socket: import("./socket.js").RoomSocket,
 *   panels: import("./panels.js").Panels, probe: import("./probe.js").Probe}} parts
 */
export function chat({ root, self, socket, panels, probe }) {
  const lines = new ChatLines(root);
  const badge = find("[data-unread]", root);
  let unread = 0;
  // Everything up to here was given to us. Numbers may jump: a guardian gets only their part.
  let known = lines.lastSeq();
  const outbox = new Outbox({
    bySocket: ({ nonce, text }) => socket.send("chat.send", { nonce, text }),
    byForm: (line) => form.post(line),
  });
  const form = new ChatForm(root, (text) => outbox.add(text));

  const counted = () => {
    show(badge, unread > 0);
    say(badge, String(unread));
    probe.set({ lastSeq: known });
  };
  const add = (message) => {
    const mine = message.sender === self.id;
    if (mine) outbox.settle(message.nonce);
    const added = lines.settled({ ...message, mine });
    if (added && !mine && panels.current !== "chat") {
      unread += 1;
      announce(word("wrote", { name: message.name, text: message.text }));
    }
  };
  const take = (message) => {
    add(message);
    if (message.seq === known + 1) known = message.seq;
    else if (message.seq > known) socket.send("chat.since", { seq: known });
    counted();
  };
  const takeMany = ({ messages, more }) => {
    messages.forEach(add);
    known = Math.max(known, ...messages.map(({ seq }) => seq));
    if (more) socket.send("chat.since", { seq: known });
    counted();
  };

  outbox.on("changed", (line) => lines.pending(line));
  outbox.on("refused", ({ nonce, text, reason }) => {
    lines.remove(nonce);
    form.giveBack(text, reason);
  });
  panels.on("opened", (name) => {
    if (name === "chat") unread = 0;
    counted();
  });
  // A line that is still on its way would be lost with the page; the quick exit asks nothing.
  window.addEventListener("beforeunload", (event) => {
    const leaving = document.documentElement.classList.contains("leaving");
    if (!outbox.isEmpty && !leaving) event.preventDefault();
  });

  return {
    take,
    takeMany,
    refuse: (nonce, reason) => outbox.refuse(nonce, reason),
    /** After every (re)connect: what was missed, then what was not delivered. */
    catchUp() {
      socket.send("chat.since", { seq: known });
      outbox.flush({ all: true });
    },
  };
}
