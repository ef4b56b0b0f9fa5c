/*
 * gather.mjs - keys asked for on a leg, while a text is spoken
 *
 * Keys count from the first word on.  When the text is over the callee has
 * timeout_millis to begin; a try that failed says the text again.  What the
 * callee does is in the leg's behaviour: `digit` after `pressMs`, or nothing.
 */
import { speechMs } from './speech.mjs';

const DEFAULTS = { minimum_digits: 1, maximum_digits: 128, timeout_millis: 60_000, maximum_tries: 3 };
const ANY_DIGIT = '0123456789#*';

export class Gather {
  #leg;
  #request;
  #timers = [];
  #digits = '';
  #tries = 0;

  /* request: the checked body of the command. */
  constructor(leg, request) {
    this.#leg = leg;
    this.#request = { ...DEFAULTS, ...request };
    this.#ask();
  }

  #ask() {
    const { payload, invalid_payload: again, timeout_millis: patience } = this.#request;
    const text = this.#tries > 0 ? again ?? payload : payload;
    const { pressMs, digit } = this.#leg.behaviour;

    this.#tries += 1;
    this.#digits = '';
    this.#forgetTimers();
    this.#after(speechMs(text) + patience, () => this.#fail('timeout'));
    if (pressMs !== null) this.#after(pressMs, () => this.#leg.press(digit));
  }

  /* The callee pressed a key. */
  press(digit) {
    const { maximum_digits: most, minimum_digits: least, terminating_digit: last } = this.#request;
    if (digit === last) return this.#digits.length >= least ? this.#judge() : this.#fail('invalid');
    this.#digits += digit;
    return this.#digits.length >= most ? this.#judge() : undefined;
  }

  #judge() {
    const valid = this.#request.valid_digits ?? ANY_DIGIT;
    if ([...this.#digits].every((digit) => valid.includes(digit))) this.end('valid');
    else this.#fail('invalid');
  }

  #fail(status) {
    if (this.#tries < this.#request.maximum_tries) this.#ask();
    else this.end(status);
  }

  /* status: valid, invalid, timeout, cancelled, cancelled_amd or call_hangup. */
  end(status) {
    if (this.#leg.gather !== this) return;
    this.#leg.gather = null;
    this.#forgetTimers();
    this.#leg.report('call.gather.ended', { status, digits: this.#digits });
  }

  #after(ms, fn) {
    this.#timers.push(this.#leg.later(ms, fn));
  }

  #forgetTimers() {
    for (const timer of this.#timers) this.#leg.forget(timer);
    this.#timers = [];
  }
}
