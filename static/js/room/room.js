/** The live page: one socket, one set of media, and what the server says is shown. */
import { announce } from "./announce.js";
import { breathing } from "./breathing.js";
import { chat as startChat } from "./chat.js";
import { Checklist } from "./checklist.js";
import { choices, forget } from "./choices.js";
import { all, find, fromTemplate, on, say, show, word } from "./dom.js";
import { LocalMedia } from "./media.js";
import { Mesh } from "./mesh.js";
import { muteAsk } from "./mute_ask.js";
import { ownMedia } from "./own_media.js";
import { Panels } from "./panels.js";
import { People } from "./people.js";
import { pollPlace } from "./poll.js";
import { Probe } from "./probe.js";
import { qualityView } from "./quality_view.js";
import { rehearse } from "./rehearse.js";
import { RoomSocket } from "./socket.js";
import { Stage } from "./stage.js";
import { therapist as startTherapist } from "./therapist.js";
import { Tiles } from "./tiles.js";
import { timer } from "./timer.js";
import { waitingView } from "./waiting_view.js";
import { Watch } from "./watch.js";

/** TURN credentials end after minutes; a restart of a connection needs ones that still hold. */
const REFRESH_SERVERS = 4 * 60_000;
const GRACE = 8_000;
const CONNECTION_FIRST = 300;
const FINAL_STAGES = ["left", "ended", "removed", "elsewhere", "refused"];

const root = find("[data-room]");
const isTherapist = root.dataset.part === "therapist";
/** Who I am in this session: the server says it in its welcome. */
const self = { id: root.dataset.me };
const probe = new Probe(root);
const stage = new Stage(root);
const socket = new RoomSocket(root.dataset.socketUrl);
const media = new LocalMedia(choices());
const mesh = new Mesh();
const tiles = new Tiles(find("[data-tiles]", root));
const panels = new Panels(root);
const people = new People(root, { self, therapist: isTherapist });
const own = ownMedia({ root, media, mesh, tiles });
const chat = startChat({ root, self, socket, panels, probe });
const waiting = waitingView(root);
const setStarted = timer(find("[data-timer]", root));
const showQuality = qualityView(root);
const askMute = muteAsk(root, () => own.setMuted(true));
const watch = new Watch(mesh, (id) => notes.get(id)?.camera !== false && !root.dataset.soundOnly);

/** What is known of the others: by id, as the server lists them; and what each says of itself. */
let known = new Map();
let drawn = known;
let drawTimer = 0;
const notes = new Map();
let mayAdmit = false;
let welcomed = false;
let graceUntil = 0;
let graceTimer = 0;
let aloneSince = 0;
let noteTimer = 0;
let stopPolling = null;
let ready;

for (const part of all("[data-needs-script]", root)) show(part);
breathing(root);
listenToServer();
listenToMesh();
listenToPerson();
if (isTherapist) startTherapist({ root, people, socket, probe, nameOf });
ready = own.begin();
ready.then(() => rehearse(media.stream));
socket.open();
setInterval(() => socket.send("ice"), REFRESH_SERVERS);
setInterval(guard, 1_000);

function listenToServer() {
  socket.on("open", () => connection("open"));
  socket.on("lost", () => connection("lost"));
  socket.on("refused", (code) => finish(code === 4409 ? "elsewhere" : code === 4410 ? "ended" : "refused"));
  socket.on("blocked", blocked);
  socket.on("welcome", welcome);
  socket.on("people", (message) => arrange(message, { offer: false }));
  socket.on("signal", ({ from, data }) => mesh.hear(from, data));
  socket.on("chat", chat.take);
  socket.on("chat.ack", chat.take);
  socket.on("chat.many", chat.takeMany);
  socket.on("pong", (message) => chat.mayMiss(message.last_seq));
  socket.on("ice", setServers);
  socket.on("ask_mute", askMute);
  socket.on("error", ({ code, message, nonce }) => {
    if (nonce) chat.refuse(nonce, message);
    else if (message && code !== "nobody_there") problem(message); // an offer is sent again
    probe.set({ lastError: code });
  });
}

function listenToMesh() {
  mesh.on("signal", ({ to, data }) => socket.send("signal", { to, data }));
  mesh.on("track", ({ id, track }) => {
    tiles.ensure(known.get(id) ?? { id, name: "" });
    tiles.addTrack(id, track);
  });
  mesh.on("state", ({ id, state }) => {
    tiles.facts(id, { connected: state === "connected" });
    probe.set({ connectionState: overall() });
  });
  mesh.on("note", ({ id, camera, microphone, wantsVideo }) => {
    notes.set(id, { camera, microphone });
    tiles.facts(id, { camera, microphone });
    mesh.setWanted(id, wantsVideo !== false);
  });
  mesh.on("gone", (id) => {
    tiles.drop(id);
    watch.forget(id);
    notes.delete(id);
  });
  tiles.on("first-frame", () => {
    if (isTherapist) mesh.keepSpare();
    if (!root.dataset.firstFrameAt) {
      probe.set({ firstFrameAt: performance.timeOrigin + performance.now() });
    }
  });
  tiles.on("silent", offerSound);
  watch.on("grade", showQuality);
  watch.on("grade", (grade) => probe.set({ quality: grade ?? "" }));
  watch.on("numbers", (numbers) => probe.set(numbers));
  watch.on("give-up-pictures", () => own.soundOnly(true, { weak: true }));
}

function listenToPerson() {
  on(root, "click", '[data-control="leave"]', leave);
  on(root, "click", "[data-come-back]", () => location.assign(isTherapist ? location.href : root.dataset.waitUrl));
  on(root, "click", "[data-go-home]", () => {
    socket.send("leave");
    forget();
  });
  new Checklist(root).on("saved", () => panels.settle("people"));
  window.addEventListener("pagehide", () => {
    mesh.closeAll();
    media.close();
  });
}

/** The whole truth, at every (re)connect and when my place changes. */
async function welcome(message) {
  const again = welcomed;
  welcomed = true;
  self.id = message.you;
  mesh.setMine(message.you);
  setServers(message);
  // A connection without tracks would have to be negotiated twice.
  await ready;
  arrange(message, { offer: true });
  chat.catchUp();
  if (again) mesh.resync();
}

function setServers({ ice_servers: servers, ice_policy: policy }) {
  mesh.setServers({ servers: servers ?? [], relayOnly: policy === "relay" });
}

/** @param {{people: object[], place: string, state: string, paused: boolean}} message */
function arrange(message, { offer }) {
  mayAdmit = message.checklist_done;
  setStarted(message.started_at);
  known = new Map(message.people.map((person) => [person.id, person]));
  const next = stageFor(message);
  if (next === "paused" && withTherapist(message)) return;
  clearTimeout(graceTimer);
  graceUntil = 0;
  if (FINAL_STAGES.includes(next)) finish(next);
  else if (next === "room") enter(offer);
  else stepBack(next, message);
  drawSoon();
}

/**
 * Only the therapist's socket is away, their picture and sound still arrive: they are with us, so
 * wait a little for the socket before everything stops.
 */
function withTherapist(message) {
  if (stage.now !== "room" || !hasTherapist(message.people)) return false;
  graceUntil ||= Date.now() + GRACE;
  if (Date.now() >= graceUntil) return false;
  clearTimeout(graceTimer);
  graceTimer = setTimeout(() => arrange(message, { offer: false }), 500);
  return true;
}

/** Their picture and sound arrive here. */
function hasTherapist(people) {
  const therapist = people.find((person) => person.part === "therapist");
  return [...mesh.entries()].some(([id, peer]) => id === therapist?.id && peer.isAlive);
}

/** Never alone, also while no server tells us: then by the therapist's own connection. */
function guard() {
  const people = [...known.values()];
  const unguarded = welcomed && !isTherapist && stage.now === "room" && !socket.isOpen;
  if (!unguarded || hasTherapist(people)) aloneSince = 0;
  else aloneSince ||= Date.now();
  if (aloneSince && Date.now() - aloneSince >= GRACE) stepBack("paused", { people });
}

function stageFor({ place, state, paused }) {
  if (state === "ended") return "ended";
  if (place === "removed") return "removed";
  if (place !== "admitted") return "waiting";
  return paused && !isTherapist ? "paused" : "room";
}

function enter(offer) {
  media.setPaused(false);
  const arriving = stage.now !== "room";
  mesh.keep(others().map(({ id }) => id), { offer: offer || arriving });
  if (isTherapist) mesh.keepSpare();
  stage.go("room");
  say(find("[data-alone-words]", root), word(isTherapist ? "nobody" : "alone"));
  probe.set({ connectionState: overall() });
}

/** Who is in the room with me. */
function others() {
  return [...known.values()].filter(({ id, place }) => id !== self.id && place === "admitted");
}

/** Waiting, or nobody professional here: nothing is sent or received until it goes on. */
function stepBack(next, { people: list }) {
  if (stage.now === "room" && next === "waiting") waiting.sentBack(true);
  mesh.closeAll();
  tiles.clear();
  media.setPaused(next === "paused");
  const here = list.some((person) => person.part === "therapist" && person.here);
  waiting.set(here ? "known" : "early");
  stage.go(next);
  probe.set({ connectionState: "none", remoteFrames: 0, remoteLevel: 0, peers: 0 });
  ready.then(() => stage.now === next && mesh.prepare());
}

function tellChanges(drawn, list) {
  if (stage.now !== "room") return;
  for (const person of list) {
    const before = drawn.get(person.id)?.place;
    if (person.id === self.id || before === person.place) continue;
    if (person.place === "admitted") announce(word("joined", person));
    else if (before === "admitted") announce(word("left", person));
    else if (person.place === "waiting" && isTherapist) announce(word("waits", person));
  }
}

function connection(state) {
  if (state === "open") {
    stopPolling?.();
    stopPolling = null;
  }
  // It keeps trying; meanwhile the page says how it goes on without.
  if (state === "lost" && stopPolling) return;
  probe.set({ socketState: state });
  show(find("[data-socket-note]", root), state === "lost");
  if (state === "lost" && stage.now === "waiting") waiting.set("lost");
}

function blocked() {
  probe.set({ socketState: "blocked" });
  waiting.set("poll");
  stopPolling = pollPlace(chat.look);
}

/** What the server could not do, in its own words; goes away by itself. */
function problem(message) {
  const note = find("[data-error-note]", root);
  say(find("span:last-child", note), message);
  show(note);
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => show(note, false), 12_000);
}

function leave() {
  socket.send("leave");
  finish("left");
}

function finish(next) {
  stopPolling?.();
  socket.close();
  mesh.closeAll();
  tiles.clear();
  media.close();
  if (next === "ended") forget();
  stage.go(next);
  probe.set({ connectionState: "none" });
}

function offerSound() {
  if (find(".room-sound", root)) return;
  const button = fromTemplate("sound-template");
  find("[data-tiles]", root).append(button);
  button.addEventListener("click", () => {
    tiles.playAll();
    button.remove();
  });
}

/** The connection first: the first picture comes a moment sooner than the list of names. */
function drawSoon() {
  if (drawTimer) return;
  const isConnecting = others().some(({ id }) => mesh.stateOf(id) !== "connected");
  drawTimer = setTimeout(draw, stage.now === "room" && isConnecting ? CONNECTION_FIRST : 30);
}

function draw() {
  drawTimer = 0;
  const list = [...known.values()];
  tellChanges(drawn, list);
  drawn = known;
  people.render(list, { mayAdmit });
  if (stage.now === "room") for (const person of others()) tiles.ensure(person);
}

function nameOf(id) {
  return known.get(id)?.name ?? "";
}

/** "connected" only when every connection is. */
function overall() {
  const states = [...mesh.entries()].map(([, peer]) => peer.state);
  if (states.length === 0) return "none";
  return states.every((state) => state === "connected") ? "connected" : "connecting";
}
