/*
 * reference.mjs - the reference page, made from the description of the API
 *
 *	node reference.mjs openapi.json >reference.html
 *
 * One file without scripts and foreign addresses, fit for the server's content policy. Runs when
 * the programs are built; the style stands beside this file.
 */
import { readFileSync } from 'node:fs';

const METHODS = ['get', 'post', 'put', 'delete'];
const api = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const style = readFileSync(new URL('reference.css', import.meta.url), 'utf8');

/* ---- reading the description ---- */

/* The object a $ref means, or the object itself. */
const resolve = (node) =>
  node?.$ref
    ? node.$ref
        .slice(2)
        .split('/')
        .reduce((at, name) => at[name.replace(/~1/g, '/').replace(/~0/g, '~')], api)
    : node;

const refName = (node) => node?.$ref?.split('/').pop();

/* All operations in the order of the document: {method, path, id, ...operation}. */
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    ...item[method],
    method: method.toUpperCase(),
    path,
    id: item[method].operationId,
    parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolve),
  })),
);

/* ---- writing HTML ---- */

const escape = (text) =>
  String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/* A description: paragraphs, with `code` and [links](#to) in them. */
const prose = (text = '') =>
  text
    .split(/\n{2,}/)
    .filter(Boolean)
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('\n');

const inline = (text = '') =>
  escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\((#[\w-]+)\)/g, '<a href="$2">$1</a>');

const code = (text) => `<code>${escape(text)}</code>`;
const pathHtml = (path) => escape(path).replace(/\{(\w+)\}/g, '<var>{$1}</var>');
const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-');

const table = (head, rows) =>
  rows.length === 0
    ? ''
    : `<div class="scroll"><table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table></div>`;

/* ---- schemas ---- */

/* What kind of value it is, in a few words; named schemas are links. */
function kind(node) {
  const name = refName(node);
  if (name && api.components.schemas[name]) return `<a href="#schema-${name}">${escape(name)}</a>`;
  const schema = resolve(node) ?? {};
  if ('const' in schema) return code(JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(' ');
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches) return branches.map(kind).join(' or ');
  if (schema.type === 'array' || schema.items) return `list of ${kind(schema.items)}`;
  if (schema.allOf) return schema.allOf.map(kind).join(' with ');
  return escape([schema.type ?? 'any'].flat().join(' or '));
}

/* The limits of a value, in a few words. */
function limits(node) {
  const schema = resolve(node) ?? {};
  const between = (low, high, what) =>
    low !== undefined && high !== undefined
      ? `${low} to ${high}${what}`
      : high !== undefined
        ? `at most ${high}${what}`
        : low !== undefined
          ? `at least ${low}${what}`
          : '';
  return [
    schema.format,
    between(schema.minimum, schema.maximum, ''),
    between(schema.minLength, schema.maxLength, ' characters'),
    between(schema.minItems, schema.maxItems, ' items'),
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ]
    .filter(Boolean)
    .map(escape)
    .join(', ');
}

/* The members of an object, its allOf parts included. */
function members(node) {
  const schema = resolve(node) ?? {};
  const parts = (schema.allOf ?? []).flatMap(members);
  const own = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    property,
    isRequired: (schema.required ?? []).includes(name),
  }));
  return [...parts, ...own];
}

const memberTable = (node) =>
  table(
    ['member', 'is', 'limits', ''],
    members(node).map(({ name, property, isRequired }) => [
      `${code(name)}${isRequired ? '<span class="required" title="always there">*</span>' : ''}`,
      kind(property),
      limits(property),
      inline(property.description ?? resolve(property)?.description),
    ]),
  );

/* Where an answer's data stands in its envelope. */
const dataOf = (schema) => resolve(schema)?.properties?.data ?? schema;

/* ---- one operation ---- */

const sample = (value) => `<pre>${escape(typeof value === 'string' ? value : JSON.stringify(value, null, 2))}</pre>`;

function exampleHtml(media) {
  const entries = media.example !== undefined ? [['', { value: media.example }]] : Object.entries(media.examples ?? {});
  return entries
    .map(([name, node]) => {
      const { value, summary } = resolve(node);
      return `<figure>${name ? `<figcaption>${code(name)} ${inline(summary)}</figcaption>` : ''}${sample(value)}</figure>`;
    })
    .join('\n');
}

function whoHtml(operation) {
  const roles = operation['x-roles'];
  if (roles.includes('open')) return 'anybody';
  if (roles.includes('signature')) return 'the telephone provider, by its signature';
  return roles.map((role) => `<span class="role">${escape(role)}</span>`).join(' ');
}

const parameterTable = (operation) =>
  table(
    ['parameter', 'in', 'is', 'limits', ''],
    operation.parameters.map((parameter) => [
      `${code(parameter.name)}${parameter.required ? '<span class="required">*</span>' : ''}`,
      escape(parameter.in),
      kind(parameter.schema),
      limits(parameter.schema),
      inline(parameter.description),
    ]),
  );

function bodyHtml(operation) {
  const body = resolve(operation.requestBody);
  if (!body) return '';
  const [, media] = Object.entries(body.content)[0];
  const types = Object.keys(body.content).map(code).join(', ');
  return `<h4>Body</h4><p class="quiet">${types}${refName(media.schema) ? ` · ${kind(media.schema)}` : ''}</p>
${memberTable(media.schema)}${exampleHtml(media)}`;
}

function answerHtml([status, node]) {
  const answer = resolve(node);
  const [type, media] = Object.entries(answer.content ?? {})[0] ?? [];
  const codes = Object.keys(media?.examples ?? {})
    .filter((name) => /^[A-Z_]+$/.test(name))
    .map(code)
    .join(' ');
  const isGood = status < 400;
  const headers = Object.keys(answer.headers ?? {})
    .filter((name) => !/RateLimit|X-Request-Id/.test(name))
    .map(code)
    .join(', ');
  const what =
    isGood && media
      ? `${type.startsWith('application/json') ? `data: ${kind(dataOf(media.schema))}` : code(type)}`
      : codes;
  const more = [headers && `Headers: ${headers}`]
    .filter(Boolean)
    .map((text) => `<p class="quiet">${text}</p>`)
    .join('');
  const samples = media ? exampleHtml(media) : '';
  return `<details${isGood ? ' open' : ''} class="answer ${isGood ? 'good' : 'bad'}"><summary><b>${status}</b> ${inline(answer.description)}
<span class="quiet">${what ?? ''}</span></summary>${more}${samples}</details>`;
}

const operationHtml = (operation) => `<article id="${escape(operation.id)}">
<h3><span class="method ${operation.method.toLowerCase()}">${operation.method}</span> <span class="path">${pathHtml(operation.path)}</span>
<a class="anchor" href="#${escape(operation.id)}" aria-label="Link to this route">#</a></h3>
<p class="summary">${inline(operation.summary)}</p>
${prose(operation.description)}
<p class="quiet">Who may: ${whoHtml(operation)}</p>
${operation.parameters.length ? `<h4>Parameters</h4>${parameterTable(operation)}` : ''}
${bodyHtml(operation)}
<h4>Answers</h4>
${Object.entries(operation.responses).map(answerHtml).join('\n')}
</article>`;

/* ---- the page ---- */

const ofTag = ({ name }) => operations.filter((operation) => operation.tags.includes(name));

const navHtml = () =>
  (api.tags ?? [])
    .map(
      (tag) => `<details open><summary><a href="#${slug(tag.name)}">${escape(tag.name)}</a></summary>
<ul>${ofTag(tag)
        .map(
          (operation) =>
            `<li><a href="#${escape(operation.id)}"><span class="method ${operation.method.toLowerCase()}">${
              operation.method
            }</span> ${pathHtml(operation.path.replace(/^\/api/, ''))}</a></li>`,
        )
        .join('\n')}</ul></details>`,
    )
    .join('\n');

const tagHtml = (tag) => `<section><h2 id="${slug(tag.name)}">${escape(tag.name)}</h2>
${prose(tag.description)}
${ofTag(tag).map(operationHtml).join('\n')}</section>`;

const schemaHtml = ([name, schema]) => `<article class="schema" id="schema-${escape(name)}"><h3>${escape(name)}</h3>
${prose(schema.description)}${memberTable(schema) || `<p class="quiet">${kind(schema)} ${limits(schema)}</p>`}</article>`;

process.stdout.write(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(api.info.title)}</title>
<style>
${style}</style>
</head>
<body>
<nav aria-label="Routes">
<p class="brand"><a href="#top">${escape(api.info.title)}</a> <span class="quiet">${escape(api.info.version)}</span></p>
${navHtml()}
<p><a href="#schemas">Schemas</a></p>
</nav>
<main id="top">
<h1>${escape(api.info.title)}</h1>
${prose(api.info.description)}
<p>The same for machines: <a href="/api/openapi.json"><code>/api/openapi.json</code></a> (OpenAPI ${escape(api.openapi)}).</p>
${(api.tags ?? []).map(tagHtml).join('\n')}
<section><h2 id="schemas">Schemas</h2>
${Object.entries(api.components?.schemas ?? {})
  .map(schemaHtml)
  .join('\n')}</section>
</main>
</body>
</html>
`);
