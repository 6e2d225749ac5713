const LIMIT = 4_000;

/**
 * Connect this page to itself once while nobody waits for it: the browser loads its codecs and
 * makes its certificates now, not in the moment somebody is let in. Nothing leaves the machine.
 *
 * @param {MediaStream} stream own tracks (any number)
 */
export async function rehearse(stream) {
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  const video = document.createElement("video");
  video.muted = true;
  from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate ?? undefined).catch(() => {});
  to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate ?? undefined).catch(() => {});
  const seen = new Promise((done) => {
    setTimeout(done, LIMIT);
    to.ontrack = ({ track, streams }) => {
      if (track.kind !== "video") return;
      video.srcObject = streams[0];
      video.play().catch(() => {});
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(done);
    };
  });
  try {
    for (const track of stream.getTracks()) from.addTrack(track, stream);
    for (const track of stream.getTracks()) to.addTrack(track, stream);
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription);
    if (stream.getVideoTracks().length > 0) await seen;
  } catch {
    // Only a rehearsal: the real connection says what is wrong.
  } finally {
    video.srcObject = null;
    from.close();
    to.close();
  }
}
