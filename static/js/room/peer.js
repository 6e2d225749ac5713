import { Emitter } from "./emitter.js";

const RESTART_AFTER_DISCONNECT = 3_000;
const REBUILD_AFTER_RESTARTS = 3;
const ANSWER_WITHIN = 2_000;
const LONGEST_WAIT = 16_000;
const randomId = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

/**
 * One connection to one other person: perfect negotiation, one audio and one video transceiver for
 * its whole life, tracks exchanged by `replaceTrack` so that nothing is negotiated again.
 *
 * A side that starts adds the two transceivers; a side that answers takes over those the offer
 * made (a second pair would be a second pair of m-lines). `me` / `you` in every signal name the two
 * RTCPeerConnections, so a late signal for one that is gone (reload, reconnect) is dropped.
 *
 * Emits "signal" (data for the other side), "track", "state", "note" (small state of the other
 * side over a data channel: camera, microphone, wants video).
 */
export class Peer extends Emitter {
  #config;
  #tracks;
  #polite;
  #pc = null;
  #me = "";
  #you = null;
  #making = false;
  #ignoring = false;
  #queued = [];
  #arrived = [];
  #restarts = 0;
  #timer = 0;
  #unanswered = 0;
  #channel = null;
  #note = {};
  #held = false;
  // One stream id for both tracks: browsers keep lips and voice together by it.
  #stream = new MediaStream();

  /**
   * @param {{polite: boolean, config: RTCConfiguration,
   *          tracks: {audio: MediaStreamTrack | null, video: MediaStreamTrack | null}}} options
   */
  constructor({ polite, config, tracks }) {
    super();
    this.#polite = polite;
    this.#config = config;
    this.#tracks = { ...tracks };
    this.#build();
  }

  get state() {
    return this.#pc?.connectionState ?? "closed";
  }

  /** Connected, and the other page has not said goodbye (its channel closes with it). */
  get isAlive() {
    return this.state === "connected" && this.#channel?.readyState === "open";
  }

  get pc() {
    return this.#pc;
  }

  setPolite(polite) {
    this.#polite = polite;
  }

  /** Start as the offering side. While `hold`, signals are kept until `release()`. */
  async start({ hold = false } = {}) {
    this.#held = hold;
    const pc = this.#pc;
    const senders = ["audio", "video"].map((kind) => {
      const options = { direction: "sendrecv", streams: [this.#stream] };
      return pc.addTransceiver(kind, options).sender.replaceTrack(this.#tracks[kind]);
    });
    await Promise.all(senders);
    // Closed or begun anew while the tracks were being set.
    if (pc === this.#pc) await this.#offer();
  }

  /** Send what was prepared while waiting: one offer that already carries its candidates. */
  release() {
    if (!this.#held) return;
    this.#held = false;
    if (this.#pc.localDescription) this.#sendOffer(this.#pc);
  }

  /** A camera or microphone was chosen, or the camera went off: no negotiation. */
  async setTrack(kind, track) {
    this.#tracks[kind] = track;
    const sender = this.#sender(kind);
    // The same track again would make the encoder begin anew, at the very first picture.
    if (sender && sender.track !== track) await sender.replaceTrack(track);
  }

  /** Tell the other side a small fact, now or when the channel opens. */
  tell(note) {
    this.#note = { ...this.#note, ...note };
    if (this.#channel?.readyState === "open") this.#channel.send(JSON.stringify(this.#note));
  }

  setServers(config) {
    this.#config = config;
    try {
      this.#pc?.setConfiguration(config);
    } catch {
      // The relay policy cannot change in mid-connection everywhere: the next one has it.
    }
  }

  async hear(data) {
    try {
      if (data.description) await this.#hearDescription(data);
      else if ("candidate" in data) await this.#hearCandidate(data);
    } catch (error) {
      // Never the SDP itself: it names addresses.
      console.warn("signal refused:", error.name);
    }
  }

  /** New paths after a lost network; after a few vain tries a whole new connection. */
  async restart() {
    if (!this.#pc) return;
    this.#restarts += 1;
    if (this.#restarts <= REBUILD_AFTER_RESTARTS) this.#pc.restartIce();
    else await this.again();
  }

  async again() {
    this.#restarts = 0;
    this.rebuild();
    await this.start();
  }

  /** The signalling was away: what was sent meanwhile is lost, so send or begin again. */
  async resync() {
    if (this.state !== "connected") await this.again();
    else if (this.#pc.signalingState === "have-local-offer") {
      this.#sendOffer(this.#pc);
    }
  }

  rebuild() {
    this.#discard();
    this.#build();
  }

  close() {
    this.#discard();
    this.emit("state", "closed");
  }

  #build() {
    const pc = new RTCPeerConnection(this.#config);
    this.#pc = pc;
    this.#me = randomId();
    this.#queued = [];
    this.#arrived = [];
    this.#making = this.#ignoring = false;
    this.#channel = pc.createDataChannel("notes", { negotiated: true, id: 0 });
    this.#channel.onopen = () => this.tell({});
    this.#channel.onmessage = (event) => this.#hearNote(event.data);
    pc.onicecandidate = ({ candidate }) => this.#send({ candidate });
    pc.ontrack = ({ track }) => this.#arrived.push(track);
    // Only after the first description: the first offer is made by start(), not by the event.
    pc.onnegotiationneeded = () => pc.localDescription && this.#offer();
    pc.onconnectionstatechange = () => this.#changed(pc);
  }

  #discard() {
    clearTimeout(this.#timer);
    clearTimeout(this.#unanswered);
    const pc = this.#pc;
    this.#pc = null;
    this.#you = null;
    if (!pc) return;
    pc.onicecandidate = pc.ontrack = pc.onnegotiationneeded = pc.onconnectionstatechange = null;
    pc.close();
  }

  #send(data) {
    // Candidates gathered while held are part of the held offer; later ones trickle as usual.
    if (this.#held) return;
    this.emit("signal", { me: this.#me, you: this.#you, ...data });
  }

  /**
   * A signal may get lost: the other page was just reloading, or the server paused the room. Two
   * sides whose offers crossed would then wait for each other for ever, so ask again.
   */
  #sendOffer(pc, wait = ANSWER_WITHIN) {
    this.#send({ description: pc.localDescription });
    clearTimeout(this.#unanswered);
    this.#unanswered = setTimeout(() => {
      if (pc !== this.#pc || pc.signalingState !== "have-local-offer") return;
      this.#sendOffer(pc, Math.min(wait * 2, LONGEST_WAIT));
    }, wait);
  }

  async #offer() {
    const pc = this.#pc;
    try {
      this.#making = true;
      await pc.setLocalDescription();
      if (pc === this.#pc && !this.#held) this.#sendOffer(pc);
    } catch (error) {
      console.warn("offer failed:", error.name);
    } finally {
      this.#making = false;
    }
  }

  async #hearDescription({ me, you, description }) {
    if (you && you !== this.#me) return;
    const offer = description.type === "offer";
    const anew = this.#you !== null && me !== this.#you;
    if (anew && !offer) return;
    const collision = offer && !anew && (this.#making || this.#pc.signalingState !== "stable");
    this.#ignoring = !this.#polite && collision;
    if (this.#ignoring) return;
    // The other side began anew, or both began at once: nothing here is worth keeping.
    if (anew || (collision && this.#you === null)) this.rebuild();
    this.#you = me;
    const pc = this.#pc;
    await pc.setRemoteDescription(description);
    if (offer) await this.#answer(pc);
    // Not sooner: what the page does with them would keep the answer waiting.
    for (const track of this.#arrived.splice(0)) this.emit("track", track);
    for (const early of this.#queued.splice(0)) if (early.me === me) await this.#add(early);
  }

  async #answer(pc) {
    const fresh = pc.getTransceivers().filter((one) => one.direction === "recvonly");
    const taken = fresh.map((transceiver) => {
      const { sender, receiver } = transceiver;
      transceiver.direction = "sendrecv";
      sender.setStreams?.(this.#stream);
      return sender.replaceTrack(this.#tracks[receiver.track.kind]);
    });
    await Promise.all([...taken, pc.setLocalDescription()]);
    if (pc === this.#pc) this.#send({ description: pc.localDescription });
  }

  async #hearCandidate({ me, you, candidate }) {
    if (you && you !== this.#me) return;
    if (me !== this.#you || !this.#pc.remoteDescription) this.#queued.push({ me, candidate });
    else await this.#add({ candidate });
  }

  async #add({ candidate }) {
    try {
      await this.#pc.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.#ignoring) console.warn("candidate refused:", error.name);
    }
  }

  #changed(pc) {
    clearTimeout(this.#timer);
    if (pc.connectionState === "connected") this.#restarts = 0;
    if (pc.connectionState === "disconnected") {
      // Wi-Fi often comes back within seconds; only then is a restart worth its traffic.
      this.#timer = setTimeout(() => this.restart(), RESTART_AFTER_DISCONNECT);
    }
    if (pc.connectionState === "failed") {
      // The polite side waits a moment, so that as a rule only one of them restarts.
      this.#timer = setTimeout(() => this.restart(), this.#polite ? 1_500 : 0);
    }
    this.emit("state", pc.connectionState);
  }

  #hearNote(data) {
    try {
      const { camera, microphone, wantsVideo } = JSON.parse(data);
      this.emit("note", { camera, microphone, wantsVideo });
    } catch {
      // Not ours.
    }
  }

  #sender(kind) {
    return this.#pc?.getTransceivers().find((one) => one.receiver.track.kind === kind)?.sender;
  }
}
