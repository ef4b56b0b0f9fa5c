/*
 * ring.mjs - a log of bounded length: the newest entries, in order
 */
export const LOG_MAX = 10_000;

export class Ring {
  #entries = [];
  #capacity;
  #count = 0;

  constructor(capacity = LOG_MAX) {
    this.#capacity = capacity;
  }

  /* Append entry and give it the next number, starting at 1. */
  add(entry) {
    const numbered = Object.assign(entry, { number: ++this.#count });
    this.#entries[(this.#count - 1) % this.#capacity] = numbered;
    return numbered;
  }

  /* Oldest first; only those numbered above `since`. */
  list(since = 0) {
    const first = Math.max(1, this.#count - this.#capacity + 1, since + 1);
    const listed = [];
    for (let number = first; number <= this.#count; number++)
      listed.push(this.#entries[(number - 1) % this.#capacity]);
    return listed;
  }

  clear() {
    this.#entries = [];
    this.#count = 0;
  }
}
