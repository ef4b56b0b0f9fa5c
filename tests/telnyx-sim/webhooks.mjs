/*
 * webhooks.mjs - the outgoing queue of signed webhooks
 *
 * One queue, a lane per destination with a bounded number of deliveries in
 * flight.  A delivery not answered with 2xx in time is tried again later with a
 * growing meta.attempt, a new timestamp and signature, and the same data.id.
 * A "treatment" makes the queue misbehave on purpose, as the network does.
 */
import { timestamp } from './clock.mjs';
import { Ring } from './ring.mjs';

const WAITING_MAX = 50_000;

/* What a treatment may ask for; `match` is a regular expression on the event type. */
const NO_TREATMENT = Object.freeze({
  match: '',
  times: null,
  duplicate: 0,
  delayMs: 0,
  shuffleWithinMs: 0,
  drop: false,
  forge: false,
});

/* Whether webhooks can be sent there. */
export function isWebhookUrl(text) {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/* What is new in an event, in a word, for whoever reads the log; null if its type says all. */
const newsOf = ({ result, status, digit, hangup_cause: cause, transcription_data: heard }) =>
  result ?? cause ?? status ?? digit ?? heard?.transcript ?? null;

/* The first bit of a signature turned: a well-formed one that does not verify. */
function forged(headers) {
  const signature = Buffer.from(headers['telnyx-signature-ed25519'], 'base64');
  signature[0] ^= 1;
  return { ...headers, 'telnyx-signature-ed25519': signature.toString('base64') };
}

export class WebhookQueue {
  #signer;
  #random;
  #log;
  #lanes = new Map();
  #timers = new Set();
  #inFlight = new Set();
  #treatment = NO_TREATMENT;
  #epoch = 0;

  /* settings: () => {timeoutMs, retryMs[], concurrency}, asked for each delivery; logMax: deliveries remembered. */
  constructor({ signer, settings, random, logMax }) {
    this.#log = new Ring(logMax);
    this.#signer = signer;
    this.#random = random;
    this.settings = settings;
  }

  get treatment() {
    return this.#treatment;
  }

  /* Replace the treatment; only what is given is unusual. */
  treat(treatment) {
    this.#treatment = { ...NO_TREATMENT, ...treatment };
  }

  /* Deliveries so far, oldest first. */
  list(since) {
    return this.#log.list(since);
  }

  /* Send an event: url may be null (nobody to tell), retryMs overrules the settings. */
  send({ data, url, retryMs }) {
    const treatment = this.#takeTreatment(data.event_type);
    const copies = 1 + treatment.duplicate;

    for (let copy = 1; copy <= copies; copy++) {
      const delivery = this.#log.add({
        at: timestamp(),
        event: data.event_type,
        id: data.id,
        callControlId: data.payload.call_control_id,
        callLegId: data.payload.call_leg_id,
        news: newsOf(data.payload),
        url,
        copy,
        status: 'waiting',
        attempts: [],
      });
      if (!url) delivery.status = 'nowhere';
      else if (treatment.drop) delivery.status = 'dropped';
      else {
        const job = { delivery, data, retryMs, forge: treatment.forge, epoch: this.#epoch };
        this.#schedule(job, this.#delay(treatment));
      }
    }
  }

  #takeTreatment(eventType) {
    const treatment = this.#treatment;
    if (treatment.times === 0 || !new RegExp(treatment.match).test(eventType)) return NO_TREATMENT;
    if (treatment.times !== null) treatment.times -= 1;
    return treatment;
  }

  #delay({ delayMs, shuffleWithinMs }) {
    return delayMs + Math.floor(this.#random() * shuffleWithinMs);
  }

  #schedule(job, delayMs) {
    if (delayMs <= 0) return this.#enqueue(job);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue(job);
    }, delayMs);
    return this.#timers.add(timer);
  }

  #enqueue(job) {
    const { origin } = new URL(job.delivery.url);
    if (!this.#lanes.has(origin)) this.#lanes.set(origin, { running: 0, waiting: [] });

    const lane = this.#lanes.get(origin);
    if (lane.waiting.length >= WAITING_MAX) {
      job.delivery.status = 'overflow';
      return;
    }
    lane.waiting.push(job);
    this.#pump(lane);
  }

  #pump(lane) {
    while (lane.running < this.settings().concurrency && lane.waiting.length) {
      lane.running += 1;
      this.#attempt(lane.waiting.shift()).finally(() => {
        lane.running -= 1;
        this.#pump(lane);
      });
    }
  }

  async #attempt(job) {
    const { delivery } = job;
    const attempt = { number: delivery.attempts.length + 1, at: new Date().toISOString() };
    const started = performance.now();

    delivery.status = 'sending';
    delivery.attempts.push(attempt);
    Object.assign(attempt, await this.#post(job, attempt.number));
    attempt.durationMs = Math.round(performance.now() - started);

    if (attempt.status >= 200 && attempt.status < 300) delivery.status = 'delivered';
    else this.#retry(job);
  }

  #retry(job) {
    if (job.epoch !== this.#epoch) return;
    const { delivery } = job;
    const delays = job.retryMs ?? this.settings().retryMs;
    const delayMs = delays[delivery.attempts.length - 1];

    delivery.status = delayMs === undefined ? 'failed' : 'waiting';
    if (delayMs !== undefined) this.#schedule(job, delayMs);
  }

  /* One POST: {status} or {error}. */
  async #post({ delivery, data, forge }, attempt) {
    const body = JSON.stringify({ data, meta: { attempt, delivered_to: delivery.url } });
    const signed = this.#signer.headers(body);
    const abort = new AbortController();
    const deadline = setTimeout(() => abort.abort(), this.settings().timeoutMs);

    this.#inFlight.add(abort);
    try {
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(forge ? forged(signed) : signed) },
        body,
        redirect: 'manual',
        signal: abort.signal,
      });
      await response.arrayBuffer();
      return { status: response.status };
    } catch (error) {
      return { error: abort.signal.aborted ? 'no answer in time' : error.cause?.code ?? error.message };
    } finally {
      clearTimeout(deadline);
      this.#inFlight.delete(abort);
    }
  }

  /* Forget everything waiting and give up what is in flight. */
  clear() {
    this.#epoch += 1;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const lane of this.#lanes.values()) lane.waiting = [];
    for (const abort of this.#inFlight) abort.abort();
    this.#timers.clear();
    this.#log.clear();
    this.#treatment = NO_TREATMENT;
  }
}
