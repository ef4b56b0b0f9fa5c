/*
 * client.mjs - the API as the demo sees it
 *
 * Every request answers {status, data, pagination, code, error}; status 0 means
 * that nobody answered.  A busy or absent server (429, 503, no answer) is asked again
 * after the pause it names, or after a growing one, until `patienceMs` is over.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_MS = 10_000;
const PAUSE_MS = { first: 400, last: 8000 };
const AGAIN = new Set([0, 429, 503]);

/* Seconds or a date, as Retry-After has it, in milliseconds; null if there is none. */
export function retryAfterMs(header, now = Date.now()) {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

export class Client {
  #url;
  #key;
  #pace;
  #quietUntil = 0;

  /* url: of the site; key: API key of the voice agent; pace: how many times as fast as life. */
  constructor({ url, key, pace = 1 }) {
    this.#url = url.replace(/\/$/, '');
    this.#key = key;
    this.#pace = pace;
  }

  get(path, options) {
    return this.#ask('GET', path, undefined, options);
  }

  post(path, body, options) {
    return this.#ask('POST', path, body, options);
  }

  /* options: patienceMs (0 = ask once), idempotencyKey, signal to give up waiting. */
  async #ask(method, path, body, { patienceMs = 0, idempotencyKey, signal } = {}) {
    const deadline = Date.now() + patienceMs;
    let pauseMs = PAUSE_MS.first;

    /* Told to be quiet, what can be left out is. */
    if (patienceMs === 0 && Date.now() < this.#quietUntil) return { status: 429, code: 'QUIET' };
    for (;;) {
      const answer = await this.#once(method, path, body, idempotencyKey);
      if (answer.status === 429 && answer.retryAfterMs)
        this.#quietUntil = Date.now() + answer.retryAfterMs / this.#pace;
      const isBusy = AGAIN.has(answer.status) || answer.code === 'IDEMPOTENCY_IN_PROGRESS';
      if (!isBusy || Date.now() >= deadline || signal?.aborted) return answer;

      const waitMs = (answer.retryAfterMs ?? pauseMs) / this.#pace;
      await sleep(Math.min(waitMs, Math.max(0, deadline - Date.now())), undefined, { signal }).catch(ignoreAbort);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.last);
    }
  }

  async #once(method, path, body, idempotencyKey) {
    const headers = { authorization: `Bearer ${this.#key}`, accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (idempotencyKey) headers['idempotency-key'] = idempotencyKey;

    try {
      const response = await fetch(this.#url + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return {
        ...readEnvelope(await response.text()),
        status: response.status,
        retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      };
    } catch (error) {
      return { status: 0, error: error.cause?.code ?? error.message };
    }
  }
}

/* The members of the envelope; a proxy's page has none. */
function readEnvelope(text) {
  try {
    const { data, pagination, code, error } = JSON.parse(text);
    return { data, pagination, code, error };
  } catch {
    return { error: 'the answer is no JSON' };
  }
}

/* An aborted pause only ends the waiting. */
export function ignoreAbort(error) {
  if (error.name !== 'AbortError') throw error;
}
