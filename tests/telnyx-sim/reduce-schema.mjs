/*
 * reduce-schema.mjs - the provider's API description, reduced to a contract
 *
 *   node reduce-schema.mjs DESCRIPTION.json >schema.json
 *
 * Reads an OpenAPI 3.1 description and keeps what a machine can check:
 * operations, field names, types, enums, limits and required fields.  Prose,
 * examples, defaults and vendor extensions are left out, and so is every
 * definition nothing refers to.
 *
 * The result has three parts:
 *   operations   operationId -> method, path, query, body, answer
 *   events       event type  -> the schema of the webhook's "data"
 *   definitions  what the other two refer to by "#/definitions/NAME"
 */
import { readFileSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/* Keywords copied as they are. */
const KEPT = new Set([
  'type', 'enum', 'required', 'minimum', 'maximum', 'minLength', 'maxLength',
  'minItems', 'maxItems', 'pattern',
]);

/* Formats that restrict a value; the others only name a wire size. */
const KEPT_FORMATS = new Set(['uuid', 'uri', 'date-time', 'int32', 'int64']);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const LINE_MAX = 110;

const mapValues = (object, fn) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]));

/* The part of one schema that can be checked. */
function reduceSchema(schema) {
  if (typeof schema === 'boolean') return schema;
  if (schema.$ref) return { $ref: `#/definitions/${schema.$ref.split('/').pop()}` };

  const reduced = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (KEPT.has(keyword)) reduced[keyword] = value;
    else if (keyword === 'format' && KEPT_FORMATS.has(value)) reduced.format = value;
    else if (keyword === 'properties') reduced.properties = mapValues(value, reduceSchema);
    else if (keyword === 'items' || keyword === 'additionalProperties') reduced[keyword] = reduceSchema(value);
    else if (keyword === 'oneOf' || keyword === 'anyOf' || keyword === 'allOf')
      reduced[keyword] = value.map(reduceSchema);
  }
  return reduced;
}

/* Follow "#/a/b" inside the description; anything else is returned as it is. */
function resolve(document, node) {
  if (!node?.$ref) return node;
  return node.$ref.slice(2).split('/').reduce((at, key) => at[key], document);
}

const jsonSchema = (body) => body?.content?.['application/json']?.schema;

function reduceQuery(document, parameters) {
  const query = {};
  for (const node of parameters ?? []) {
    const parameter = resolve(document, node);
    if (parameter.in === 'query') query[parameter.name] = reduceSchema(parameter.schema);
  }
  return Object.keys(query).length ? { type: 'object', properties: query } : undefined;
}

function reduceOperation(document, path, method, operation) {
  const body = jsonSchema(resolve(document, operation.requestBody));
  const answer = jsonSchema(resolve(document, operation.responses?.['200']));

  return {
    method: method.toUpperCase(),
    path,
    query: reduceQuery(document, operation.parameters),
    body: body && reduceSchema(body),
    answer: answer && reduceSchema(answer),
  };
}

function reduceOperations(document) {
  const operations = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) operations[operation.operationId] = reduceOperation(document, path, method, operation);
    }
  }
  return operations;
}

/* Webhook schemas, keyed by the one event type each of them allows. */
function reduceEvents(document) {
  const events = {};
  for (const webhook of Object.values(document.webhooks ?? {})) {
    const envelope = resolve(document, jsonSchema(resolve(document, webhook.post.requestBody)));
    const data = envelope.properties.data;
    const type = resolve(document, data).properties.event_type?.enum?.[0];
    if (type) events[type] = reduceSchema(data);
  }
  return events;
}

/* Names of the definitions which `node` needs, added to `found`, with theirs. */
function collectReferences(node, definitions, found) {
  if (Array.isArray(node)) {
    for (const item of node) collectReferences(item, definitions, found);
  } else if (node && typeof node === 'object') {
    const name = typeof node.$ref === 'string' ? node.$ref.split('/').pop() : undefined;
    if (name && !found.has(name)) {
      found.add(name);
      collectReferences(definitions[name], definitions, found);
    }
    for (const value of Object.values(node)) collectReferences(value, definitions, found);
  }
}

export function reduceDescription(document) {
  const operations = reduceOperations(document);
  const events = reduceEvents(document);
  const all = mapValues(document.components.schemas, reduceSchema);
  const needed = new Set();

  collectReferences([operations, events], all, needed);
  const definitions = Object.fromEntries([...needed].sort().map((name) => [name, all[name]]));
  return { operations, events, definitions };
}

const isScalar = (value) => value === null || typeof value !== 'object';

/* Scalars side by side, as many on a line as fit. */
function fillLines(values, indent) {
  const lines = [''];
  for (const text of values.map((value) => JSON.stringify(value))) {
    if (lines.at(-1) && indent.length + lines.at(-1).length + text.length + 1 > LINE_MAX) lines.push('');
    const line = lines.pop();
    lines.push(line ? `${line},${text}` : text);
  }
  return lines.map((line) => indent + line);
}

/* JSON with a line break wherever a value would not fit on its line. */
export function format(value, indent = '') {
  const flat = JSON.stringify(value);
  if (isScalar(value) || flat.length + indent.length <= LINE_MAX) return flat;

  const inner = `${indent} `;
  if (Array.isArray(value)) {
    const lines = value.every(isScalar)
      ? fillLines(value, inner)
      : value.map((item) => inner + format(item, inner));
    return `[\n${lines.join(',\n')}\n${indent}]`;
  }
  const lines = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${inner}${JSON.stringify(key)}:${format(item, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

const program = process.argv[1];
if (program && import.meta.url === pathToFileURL(realpathSync(program)).href) {
  const input = process.argv[2];
  if (!input) {
    process.stderr.write('usage: node reduce-schema.mjs DESCRIPTION.json >schema.json\n');
    process.exit(2);
  }
  process.stdout.write(`${format(reduceDescription(JSON.parse(readFileSync(input, 'utf8'))))}\n`);
}
