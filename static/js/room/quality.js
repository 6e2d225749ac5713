/**
 * How good a connection is, from numbers that every browser gives, with patience: one bad second
 * changes nothing (hysteresis), so a child does not see bars jump.
 *
 * @typedef {{loss: number, roundTrip: number, frames: number, expectsVideo: boolean}} Sample
 *   loss 0..1 since the last sample, roundTrip in seconds, frames decoded per second
 * @typedef {"good" | "fair" | "poor"} Grade
 */

const ORDER = ["poor", "fair", "good"];
/** Samples in a row (one a second) before the shown grade moves. */
const PATIENCE = { down: 3, up: 6 };

/** @param {Sample} sample @returns {Grade} */
export function grade({ loss, roundTrip, frames, expectsVideo }) {
  if (loss > 0.08 || roundTrip > 0.6 || (expectsVideo && frames < 4)) return "poor";
  if (loss > 0.03 || roundTrip > 0.3 || (expectsVideo && frames < 10)) return "fair";
  return "good";
}

export class Quality {
  /** @type {Grade} */
  shown = "good";
  #pending = "good";
  #count = 0;

  /** @param {Sample} sample @returns {Grade} the grade to show */
  add(sample) {
    const seen = grade(sample);
    if (seen === this.shown) {
      this.#count = 0;
      return this.shown;
    }
    const down = ORDER.indexOf(seen) < ORDER.indexOf(this.shown);
    const before = ORDER.indexOf(this.#pending) < ORDER.indexOf(this.shown);
    this.#count = this.#count > 0 && before === down ? this.#count + 1 : 1;
    this.#pending = seen;
    if (this.#count >= (down ? PATIENCE.down : PATIENCE.up)) {
      this.shown = seen;
      this.#count = 0;
    }
    return this.shown;
  }
}

/** @param {Grade[]} grades @returns {Grade} */
export function worst(grades) {
  return ORDER.find((one) => grades.includes(one)) ?? "good";
}
