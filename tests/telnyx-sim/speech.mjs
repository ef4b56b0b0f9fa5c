/*
 * speech.mjs - text spoken on a leg
 */

/* A calm voice; only that longer texts take longer matters. */
const MS_PER_CHARACTER = 65;

/* How long a text takes to say, in milliseconds of telephone time. */
export const speechMs = (text) => text.length * MS_PER_CHARACTER;

/* One text being said; it ends by itself, by stop(), or with the leg. */
export class Speech {
  #leg;
  #timer;

  constructor(leg, payload) {
    this.#leg = leg;
    leg.report('call.speak.started');
    this.#timer = leg.later(speechMs(payload), () => this.#end('completed'));
  }

  stop() {
    this.#end('completed');
  }

  /* status: call_hangup or cancelled_amd. */
  cut(status) {
    this.#end(status);
  }

  #end(status) {
    if (this.#leg.speech !== this) return;
    this.#leg.speech = null;
    this.#leg.forget(this.#timer);
    this.#leg.report('call.speak.ended', { status });
  }
}
