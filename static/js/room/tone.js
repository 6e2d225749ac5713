/** A soft chord for the speaker test, made here: no file to load, no sudden start. */
const NOTES = [392, 523.25, 659.25];

/** @param {string} [speaker] device id, where the browser lets us choose (not Safari) */
export async function playTone(speaker = "") {
  const context = new AudioContext();
  if (speaker && context.setSinkId) await context.setSinkId(speaker).catch(() => {});
  await context.resume();
  NOTES.forEach((pitch, index) => note(context, pitch, context.currentTime + index * 0.28));
  await new Promise((done) => setTimeout(done, 1_900));
  await context.close();
}

function note(context, pitch, start) {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.16, start + 0.12);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 1.2);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 1.3);
}
