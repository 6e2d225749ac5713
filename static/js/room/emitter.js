/** The least that lets one module tell others: `on(name, fn)`, `emit(name, detail)`. */
export class Emitter {
  #listeners = new Map();

  /** @returns {() => void} stops listening */
  on(name, listener) {
    const known = this.#listeners.get(name) ?? new Set();
    known.add(listener);
    this.#listeners.set(name, known);
    return () => known.delete(listener);
  }

  emit(name, detail) {
    for (const listener of this.#listeners.get(name) ?? []) listener(detail);
  }
}
