/** How loud a microphone is, 0 to 1, smoothed, many times a second. Nothing is kept. */
export class LevelMeter {
  #context = null;
  #frame = 0;

  /** @param {MediaStreamTrack} track @param {(level: number) => void} listener */
  start(track, listener) {
    this.stop();
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 512;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let level = 0;
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      level = Math.max(Math.min(1, loudness * 6), level * 0.9);
      listener(level);
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }

  /** Browsers start sound only after a touch: call from a click. */
  wake() {
    return this.#context?.resume();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#context?.close();
    this.#context = null;
  }
}
