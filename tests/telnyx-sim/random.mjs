/*
 * random.mjs - a small seeded generator, so that a scenario repeats itself
 */

/* Returns a function giving numbers in [0, 1); the same seed, the same numbers. */
export function seededRandom(seed) {
  let state = seed >>> 0;

  /* mulberry32: 32 bits of state are plenty for ring times and shuffles. */
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
