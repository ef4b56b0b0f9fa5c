/*
 * openapi.mjs - answers held against docs/openapi.json, and a record of what was seen
 *
 * check() refuses an answer the document does not promise: a status, a content type, a body, a
 * header or an error code it does not name for that route. What was seen is appended to
 * VALS_ARTIFACTS/api/seen.ndjson when the process ends; table.mjs makes a table of it.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';

export const api = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

export const METHODS = ['get', 'post', 'put', 'delete'];

/* ---- references and schemas ---- */

const unescape = (name) => name.replace(/~1/g, '/').replace(/~0/g, '~');

/* The object a $ref means, or the object itself. */
export const resolve = (node) =>
  node?.$ref
    ? resolve(
        node.$ref
          .slice(2)
          .split('/')
          .reduce((at, name) => at[unescape(name)], api),
      )
    : node;

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, allErrors: true });
addFormats(ajv);

/* The schema with its references pointing into the schema all named ones were added as. */
const forAjv = (schema) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"vals:/schemas#/$defs/'));

ajv.addSchema({ $id: 'vals:/schemas', $defs: forAjv(api.components.schemas) });

const validators = new Map();

/* A function of a value that answers what is wrong with it, "" if nothing. */
export function validatorOf(schema) {
  if (!validators.has(schema)) {
    const validate = ajv.compile(forAjv(schema));
    validators.set(schema, (value) => (validate(value) ? '' : ajv.errorsText(validate.errors)));
  }
  return validators.get(schema);
}

/* ---- operations ---- */

/* Every operation of the document: {method, path, item, pattern, captures, ...}. */
export const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    ...item[method],
    method: method.toUpperCase(),
    path,
    route: `${method.toUpperCase()} ${path}`,
    parameters: (item[method].parameters ?? []).map(resolve),
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`),
    captures: (path.match(/\{/g) ?? []).length,
  })),
);

/* The path as nginx hands it on: decoded, without dots and double slashes. */
function plainPath(path) {
  let plain = path.replace(/[?#].*$/s, '');
  try {
    plain = decodeURIComponent(plain);
  } catch {
    return plain;
  }
  const segments = [];
  for (const segment of plain.replace(/\/+/g, '/').split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}

/* The operations of the path that fits best: literal segments beat captures. */
function operationsAt(path) {
  const plain = plainPath(path);
  const fitting = operations.filter(({ pattern }) => pattern.test(plain));
  const least = Math.min(...fitting.map(({ captures }) => captures));
  return fitting.filter(({ captures }) => captures === least);
}

export const operationOf = (method, path) => operationsAt(path).find((operation) => operation.method === method);

/* ---- one answer ---- */

/* What may be said about a path or method no operation has. */
const ELSEWHERE = new Set([400, 401, 404, 405, 411, 413, 414, 429, 431, 501, 503]);

/* nginx speaks before the program: these it may answer to any request, without a code. */
const OF_THE_SERVER = new Set([400, 408, 411, 413, 414, 431, 503]);

const problem = validatorOf(api.components.schemas.Problem);

function checkHeaders(operation, declared, answer, what) {
  for (const [name, node] of Object.entries(declared ?? {})) {
    const header = resolve(node);
    const value = answer.headers.get(name);
    if (value === null) {
      assert.ok(!header.required, `${what}: no ${name}`);
      continue;
    }
    const type = resolve(header.schema).type;
    assert.equal(
      validatorOf(header.schema)(type === 'integer' ? Number(value) : value),
      '',
      `${what}: ${name}: ${value}`,
    );
  }
}

function checkBody(content, answer, what) {
  const type = (answer.headers.get('content-type') ?? '').replace(/;.*$/, '');
  const media = content[type];

  assert.ok(media, `${what}: content type ${type} is not documented`);
  const value = type === 'application/json' ? answer.body : answer.text;
  assert.equal(validatorOf(media.schema)(value), '', `${what}: not as documented`);
  if (answer.status >= 400 && answer.body?.code)
    assert.ok(
      media.examples?.[answer.body.code],
      `${what}: code ${answer.body.code} is not documented for this status`,
    );
}

/*
 * Hold an answer {status, headers, text, body} to a request against the document, and note it. Only
 * the methods the document speaks of are looked at.
 */
export function check({ method, path, token }, answer) {
  if (!METHODS.includes(method.toLowerCase())) return;
  const what = `${method} ${path.slice(0, 200)} -> ${answer.status} ${answer.text.slice(0, 400)}`;
  const operation = operationOf(method, path);

  if (!operation) {
    assert.ok(ELSEWHERE.has(answer.status), `${what}: the document has no such operation`);
    assert.ok(operationsAt(path).length === 0 || answer.status !== 404, `${what}: the path is documented`);
    return;
  }
  const response = resolve(operation.responses[answer.status]);
  if (!response || (OF_THE_SERVER.has(answer.status) && !answer.body?.code)) {
    assert.ok(OF_THE_SERVER.has(answer.status), `${what}: the status is not documented`);
    assert.equal(problem(answer.body), '', what);
    return;
  }
  checkHeaders(operation, response.headers, answer, what);
  if (response.content) checkBody(response.content, answer, what);
  else assert.equal(answer.text, '', what);
  note(operation, token, answer);
}

/* ---- the record ---- */

const seen = new Map();

/* Whose token it is: the role of a JWT, agent for an API key. */
function roleOf(token) {
  if (!token) return 'nobody';
  if (token.startsWith('vals_')) return 'agent';
  try {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).role ?? 'nobody';
  } catch {
    return 'nobody';
  }
}

function note(operation, token, answer) {
  const row = { route: operation.route, role: roleOf(token), status: answer.status, code: answer.body?.code };
  const key = JSON.stringify(row);
  seen.set(key, (seen.get(key) ?? 0) + 1);
}

process.on('exit', () => {
  if (!process.env.VALS_ARTIFACTS || seen.size === 0) return;
  const file = join(process.env.VALS_ARTIFACTS, 'api', 'seen.ndjson');
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, [...seen].map(([key, times]) => `${JSON.stringify({ ...JSON.parse(key), times })}\n`).join(''));
});
