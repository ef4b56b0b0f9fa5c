/*
 * contract.mjs - what the provider's description allows
 *
 * Finds the operation a request means and checks its body and query against
 * schema.json.  Stricter than the provider on one point: a field the
 * description does not name is refused, so that a misspelt one is noticed.
 */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { problem, refusal, Refusal } from './errors.mjs';

const SCHEMA_FILE = new URL('./schema.json', import.meta.url);
const API_PREFIX = '/v2';

const INT32_MAX = 2 ** 31 - 1;

const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  'date-time': (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
  int32: { type: 'number', validate: (value) => Math.abs(value) <= INT32_MAX },
  int64: { type: 'number', validate: Number.isSafeInteger },
};

/* Which refusal a violated keyword is; all others are plainly invalid. */
const REFUSAL_OF_KEYWORD = {
  required: 'MISSING',
  enum: 'BAD_ENUM',
  minimum: 'OUT_OF_RANGE',
  maximum: 'OUT_OF_RANGE',
  minLength: 'OUT_OF_RANGE',
  maxLength: 'OUT_OF_RANGE',
  minItems: 'OUT_OF_RANGE',
  maxItems: 'OUT_OF_RANGE',
};

/*
 * A copy of `schema` in which objects with named fields have no others.
 * Alternatives become anyOf: the description tells them apart by a
 * discriminator field, and without that field several may fit.
 */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;

  const copy = {};
  for (const [key, value] of Object.entries(schema)) copy[key === 'oneOf' ? 'anyOf' : key] = closed(value);
  const isFieldMap = copy.properties && typeof copy.properties === 'object' && copy.type === 'object';
  if (isFieldMap && !('additionalProperties' in copy) && Object.keys(copy.properties).length)
    copy.additionalProperties = false;
  return copy;
}

function makeAjv(definitions, options) {
  const ajv = new Ajv({ allErrors: true, strictTypes: false, formats: FORMATS, ...options });
  return ajv.addSchema({ $id: 'provider', definitions });
}

/* References into the definitions, made absolute. */
const absolute = (schema) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', '"provider#/definitions/'));

/* One ajv error as one entry of errors[]. */
function problemOf(error) {
  const name = REFUSAL_OF_KEYWORD[error.keyword] ?? 'INVALID';
  const field = error.params.missingProperty ?? error.params.additionalProperty;
  const pointer = field === undefined ? error.instancePath : `${error.instancePath}/${field}`;

  if (name === 'MISSING') return problem(name, `The '${field}' parameter is required and cannot be blank.`, pointer);
  if (name === 'BAD_ENUM')
    return problem(name, `The value must be one of: ${error.params.allowedValues.join(', ')}.`, pointer);
  if (error.keyword === 'additionalProperties')
    return problem(name, `The '${field}' parameter is not known.`, pointer);
  return problem(name, `The value ${error.message}.`, pointer || '/');
}

/* `page[limit]=2` as {page: {limit: '2'}}; plain parameters stay plain. */
export function parseQuery(searchParams) {
  const query = Object.create(null);
  for (const [key, value] of searchParams) {
    const path = key.replaceAll(']', '').split('[');
    const last = path.pop();
    let at = query;
    for (const step of path) {
      if (typeof at[step] !== 'object') at[step] = Object.create(null);
      at = at[step];
    }
    at[last] = value;
  }
  return query;
}

/* "/calls/{id}" as a regular expression which captures the path parameters. */
function pathPattern(path) {
  const source = path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${API_PREFIX}${source}$`);
}

export class Contract {
  #routes;
  #events;
  #requests;
  #queries;
  #answers;
  #validators = new Map();

  constructor(schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))) {
    this.#routes = Object.entries(schema.operations).map(([id, operation]) => ({
      id,
      ...operation,
      pattern: pathPattern(operation.path),
    }));
    this.#events = schema.events;
    this.#requests = makeAjv(closed(schema.definitions), { coerceTypes: false });
    this.#answers = makeAjv(schema.definitions, {});
    this.#queries = makeAjv(closed(schema.definitions), { coerceTypes: true });
  }

  /*
   * The operation of a request: {id, params, ...}, params percent-decoded.
   * Throws NOT_FOUND, BAD_METHOD or, for a broken escape, UNREADABLE.
   */
  match(method, path) {
    const routes = this.#routes.filter((route) => route.pattern.test(path));
    if (!routes.length) throw refusal('NOT_FOUND', 'Resource not found');

    const route = routes.find((candidate) => candidate.method === method);
    if (!route) throw refusal('BAD_METHOD', `${method} is not possible here.`);
    try {
      const groups = route.pattern.exec(path).groups ?? {};
      const params = Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]);
      return { ...route, params: Object.fromEntries(params) };
    } catch (error) {
      if (error instanceof URIError) throw refusal('UNREADABLE', 'The path holds a broken escape.');
      throw error;
    }
  }

  /* Throw all that is wrong with the body of an operation. */
  checkBody(operation, body) {
    this.#check(`body ${operation.id}`, this.#requests, () => closed(operation.body), body);
  }

  /* Throw what is wrong with the query; numbers in it become numbers. */
  checkQuery(operation, query) {
    if (operation.query) this.#check(`query ${operation.id}`, this.#queries, () => closed(operation.query), query);
  }

  /* Errors of an answer or of a webhook's data against the description, or null. */
  answerErrors(operationId, body) {
    const route = this.#routes.find(({ id }) => id === operationId);
    return this.#errors(`answer ${operationId}`, this.#answers, () => route.answer, body);
  }

  eventErrors(data) {
    return this.#errors(`event ${data.event_type}`, this.#answers, () => this.#events[data.event_type], data);
  }

  #check(key, ajv, schema, value) {
    const errors = this.#errors(key, ajv, schema, value);
    if (!errors) return;
    /* "must match a schema in anyOf" only repeats what its branches say. */
    const telling = errors.length > 1 ? errors.filter(({ keyword }) => keyword !== 'anyOf') : errors;
    throw new Refusal(422, telling.map(problemOf));
  }

  /* Validators are compiled at first use: 46 at once would take a second. */
  #errors(key, ajv, schema, value) {
    if (!this.#validators.has(key)) this.#validators.set(key, ajv.compile(absolute(schema())));
    const validate = this.#validators.get(key);
    return validate(value) ? null : validate.errors;
  }
}
