/*
 * clock.mjs - telephone time, and timestamps
 *
 * What people do on the telephone (ring, answer, talk, hang up) happens in
 * telephone time, which runs `scale` times as fast as the wall clock.  What a
 * client measures with its own clock (the command window, webhook time-outs and
 * retries, rate limits) stays in real time and does not come here.
 */
export class Clock {
  #scale;
  #timers = new Set();

  constructor(scale = 1) {
    this.#scale = scale;
  }

  /* Call fn after `ms` of telephone time; returns a handle for cancel(). */
  after(ms, fn) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms / this.#scale);
    this.#timers.add(timer);
    return timer;
  }

  cancel(timer) {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  cancelAll() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

let lastMicros = 0;

/*
 * Now, as ISO 8601 in UTC with microseconds.  Strictly increasing within the
 * process, so that the order of occurred_at is the order of events.
 */
export function timestamp() {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  lastMicros = Math.max(micros, lastMicros + 1);

  const millis = Math.floor(lastMicros / 1000);
  const rest = String(lastMicros % 1000).padStart(3, '0');
  return new Date(millis).toISOString().replace('Z', `${rest}Z`);
}
