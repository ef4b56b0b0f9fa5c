/*
 * faults.mjs - failures on demand
 *
 * A fault waits for requests that match it and changes how they are answered:
 * late, with another status, not at all, or with the effect but without the
 * answer.  A request meets the first fault that fits it and is not used up.
 */
import Ajv from 'ajv';

const FAULT_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    match: {
      type: 'object',
      additionalProperties: false,
      properties: { method: { type: 'string' }, path: { type: 'string' }, body: { type: 'string' } },
    },
    skip: { type: 'integer', minimum: 0 },
    times: { type: ['integer', 'null'], minimum: 1 },
    delayBeforeMs: { type: 'integer', minimum: 0 },
    delayMs: { type: 'integer', minimum: 0 },
    status: { type: 'integer', minimum: 200, maximum: 599 },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    body: {},
    execute: { type: 'boolean' },
    resetBeforeExecuting: { type: 'boolean' },
    resetAfterExecuting: { type: 'boolean' },
  },
};

/* An injected status without a body of its own gets the provider's envelope. */
function defaultBody(status) {
  if (status === undefined || status < 400) return undefined;
  return { errors: [{ code: status === 429 ? '10011' : '10007', title: 'Failure on demand' }] };
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const isFault = ajv.compile(FAULT_SCHEMA);

export class FaultError extends Error {}

function pattern(text = '') {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new FaultError(error.message);
  }
}

export class Faults {
  #faults = [];
  #lastId = 0;

  /* Add a fault and return it with its id.  Throws FaultError. */
  add(source) {
    if (!isFault(source)) throw new FaultError(ajv.errorsText(isFault.errors, { dataVar: 'fault' }));
    const { match = {}, skip = 0, times = 1, ...effect } = source;
    const fault = {
      id: ++this.#lastId,
      match,
      path: pattern(match.path),
      body: pattern(match.body),
      skip,
      left: times ?? Infinity,
      met: 0,
      /* An answer of our own, or none, means that the request was not carried out. */
      effect: {
        execute: effect.status === undefined && !effect.resetBeforeExecuting,
        body: defaultBody(effect.status),
        ...effect,
      },
    };
    this.#faults.push(fault);
    return this.#describe(fault);
  }

  /* The effect for this request, or an empty one: {execute: true}. */
  take({ method, path, raw }) {
    for (const fault of this.#faults) {
      const fits =
        (!fault.match.method || fault.match.method === method) &&
        fault.path.test(path) &&
        fault.body.test(raw.toString());
      if (!fits || fault.left === 0) continue;
      if (fault.skip > 0) {
        fault.skip -= 1;
        continue;
      }
      fault.left -= 1;
      fault.met += 1;
      return { ...fault.effect, id: fault.id };
    }
    return { execute: true };
  }

  list() {
    return this.#faults.map((fault) => this.#describe(fault));
  }

  clear() {
    this.#faults = [];
  }

  #describe({ id, match, skip, left, met, effect }) {
    return { id, match, skip, times: left === Infinity ? null : left, met, ...effect };
  }
}
