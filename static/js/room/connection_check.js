const SOCKET_LIMIT = 6_000;
const GATHER_LIMIT = 7_000;

/**
 * Does a socket open here at all? Resolves with the server's first message, null when refused.
 * @returns {Promise<object | null>}
 */
export function trySocket(url) {
  return new Promise((done) => {
    const socket = new WebSocket(url);
    const end = (answer) => {
      clearTimeout(timer);
      socket.close(1000);
      done(answer);
    };
    const timer = setTimeout(() => end(null), SOCKET_LIMIT);
    socket.onmessage = ({ data }) => end(JSON.parse(data));
    socket.onclose = socket.onerror = () => end(null);
  });
}

/**
 * Which ways out the network leaves us: "relay" when TURN answers, "direct", or "none".
 * @param {{servers: RTCIceServer[], relayOnly: boolean}} settings
 * @returns {Promise<"relay" | "direct" | "none">}
 */
export async function tryPaths({ servers, relayOnly }) {
  const wantsRelay = servers.some((server) => [server.urls].flat().some((url) => /^turns?:/.test(url)));
  const pc = new RTCPeerConnection({
    iceServers: servers,
    iceTransportPolicy: relayOnly ? "relay" : "all",
  });
  const seen = new Set();
  const gathered = new Promise((done) => {
    const timer = setTimeout(done, GATHER_LIMIT);
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.type) seen.add(candidate.type);
      if (!candidate || candidate.type === "relay") {
        clearTimeout(timer);
        done();
      }
    };
  });
  pc.createDataChannel("check");
  await pc.setLocalDescription();
  await gathered;
  pc.close();
  if (seen.has("relay")) return "relay";
  return seen.size > 0 && !(relayOnly && wantsRelay) ? "direct" : "none";
}
