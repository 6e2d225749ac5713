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
  let heardOf = known;
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
    else if (message.seq > known) since();
    counted();
  };
  const takeMany = ({ messages }) => {
    messages.forEach(add);
    // None: what is missing was not for us. Some: perhaps only the first page of them.
    known = messages.length > 0 ? Math.max(known, messages.at(-1).seq) : Math.max(known, heardOf);
    if (messages.length > 0 && known < heardOf) since();
    counted();
  };
  const since = () => socket.send("chat.since", { seq: known });

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
    /** The server's last number: with a dead Redis nothing else tells of new lines. */
    mayMiss(seq) {
      heardOf = Math.max(heardOf, seq ?? 0);
      if (heardOf > known) since();
    },
    /** Sockets are blocked: what others wrote comes by the form's address. */
    async look() {
      takeMany(await form.since(known));
    },
    refuse: (nonce, reason) => outbox.refuse(nonce, reason),
    /** After every (re)connect: what was missed, then what was not delivered. */
    catchUp() {
      since();
      outbox.flush({ all: true });
    },
  };
}
