/**
 * What tests and support may read: numbers on the room element, never words or addresses.
 * Writing only what changed keeps mutation observers quiet.
 */
export class Probe {
  #root;

  constructor(root) {
    this.#root = root;
  }

  set(values) {
    for (const [name, value] of Object.entries(values)) {
      const text = String(value);
      if (this.#root.dataset[name] !== text) this.#root.dataset[name] = text;
    }
  }
}
