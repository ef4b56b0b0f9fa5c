/* The document against the route table, against itself, and as it is served. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { api, operations, resolve, validatorOf } from './openapi.mjs';
import {
  admin,
  as,
  baseUrl,
  expectInvalid,
  expectProblem,
  expectStatus,
  foreignId,
  need,
  nobody,
  send,
  sendLines,
} from './support.mjs';

/* What nginx serves by itself: files. */
const FILES = ['GET /api/docs', 'GET /api/openapi.json'];

const names = (text) => (text === '-' ? [] : text.split(','));

/* The program's own table: {route, who, query, body}, names of required members with a star. */
const table = execFileSync(join(need('VALS_BIN'), 'vals-api'), ['--routes'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([method, path, who, query, body]) => ({
    route: `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    who: names(who),
    query: names(query),
    body: names(body),
  }));

const ofProgram = operations.filter(({ route }) => !FILES.includes(route));
const tableRow = ({ route }) => table.find((row) => row.route === route) ?? assert.fail(`${route} is not in the table`);

/* The members a body may have, with a star where they must be. */
function bodyNames(operation) {
  const media = Object.values(resolve(operation.requestBody)?.content ?? {})[0];
  const schema = resolve(media?.schema) ?? {};
  return Object.keys(schema.properties ?? {}).map((name) => (schema.required?.includes(name) ? `${name}*` : name));
}

/* Routes which read the bytes themselves: the table cannot know what is in them. */
const isRaw = (operation) => tableRow(operation).body.length === 0;

describe('the document and the route table', () => {
  test('name the same routes', () => {
    assert.deepEqual(ofProgram.map(({ route }) => route).sort(), table.map(({ route }) => route).sort());
  });

  test('the files nginx serves are in the document', () => {
    assert.deepEqual(
      operations
        .map(({ route }) => route)
        .filter((route) => FILES.includes(route))
        .sort(),
      FILES,
    );
  });

  for (const operation of ofProgram)
    test(`agree about ${operation.route}`, () => {
      const { who, query, body } = tableRow(operation);
      assert.deepEqual([...operation['x-roles']].sort(), [...who].sort(), 'roles');
      assert.deepEqual(
        operation.parameters
          .filter((parameter) => parameter.in === 'query')
          .map(({ name, required }) => (required ? `${name}*` : name))
          .sort(),
        query.sort(),
        'query parameters',
      );
      if (!isRaw(operation)) assert.deepEqual(bodyNames(operation).sort(), body.sort(), 'members of the body');
      assert.equal(
        operation.path.includes('{id}'),
        operation.parameters.some((parameter) => parameter.in === 'path' && parameter.name === 'id'),
      );
    });
});

describe('the document', () => {
  const media = (node, what) =>
    Object.entries(resolve(node)?.content ?? {}).map(([type, value]) => ({ what: `${what} ${type}`, ...value }));
  const contents = operations.flatMap((operation) => [
    ...media(operation.requestBody, `${operation.route} body`),
    ...Object.entries(operation.responses).flatMap(([status, node]) => media(node, `${operation.route} ${status}`)),
  ]);

  test('says of every route what it is for, who may and what it answers', () => {
    const tags = api.tags.map(({ name }) => name);
    for (const operation of operations) {
      assert.ok(operation.summary && operation.tags.length === 1 && tags.includes(operation.tags[0]), operation.route);
      assert.ok(operation['x-roles'].length > 0, operation.route);
      const statuses = Object.keys(operation.responses);
      assert.ok(statuses.some((status) => status < 300) && statuses.some((status) => status >= 400), operation.route);
      for (const parameter of operation.parameters)
        assert.ok(parameter.description && parameter.schema, `${operation.route} ${parameter.name}`);
    }
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  });

  test('every POST that may be repeated takes an Idempotency-Key', () => {
    const withKey = operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'Idempotency-Key'));
    for (const { route, responses } of withKey) {
      assert.match(route, /^POST /);
      assert.ok(resolve(responses[409]).content['application/json'].examples.IDEMPOTENCY_MISMATCH, route);
    }
    assert.ok(withKey.length > 0);
  });

  test('every schema is one, and every reference leads somewhere', () => {
    for (const schema of Object.values(api.components.schemas)) validatorOf(schema);
    for (const [, target] of JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g))
      assert.ok(resolve({ $ref: target }), target);
  });

  test('every example is valid, and every route with a body or an answer in JSON has one', () => {
    for (const { what, schema, example, examples } of contents) {
      const values =
        example !== undefined ? [example] : Object.values(examples ?? {}).map((node) => resolve(node).value);
      if (/json$/.test(what) && !FILES.some((route) => what.startsWith(route)))
        assert.ok(values.length > 0, `${what}: no example`);
      for (const value of values) assert.equal(validatorOf(schema)(value), '', what);
    }
  });

  test('nothing in it is unused', () => {
    const text = JSON.stringify(api);
    for (const kind of ['schemas', 'parameters', 'responses', 'headers', 'examples'])
      for (const name of Object.keys(api.components[kind]))
        assert.ok(text.includes(`"#/components/${kind}/${name}"`), `${kind}/${name}`);
  });
});

describe('who may', () => {
  const ROLES = ['nobody', 'admin', 'kevin', 'operator', 'analyst', 'agent'];

  /* A body nothing can be done with: what is refused for it was let in. */
  const probe = (caller, { method, path }) => {
    const target = path.replace('{id}', foreignId());
    return send(method, target, {
      token: caller.token,
      body: ['POST', 'PUT'].includes(method) ? { thisIsNoField: 1 } : undefined,
      isBare: true,
    });
  };

  for (const operation of ofProgram.filter(
    ({ 'x-roles': roles }) => !roles.includes('open') && !roles.includes('signature'),
  ))
    test(`${operation.route}: ${operation['x-roles'].join(', ')}`, async () => {
      await Promise.all(
        ROLES.map(async (role) => {
          const answer = await probe(await as(role), operation);
          const what = `${role} -> ${answer.status} ${answer.text.slice(0, 200)}`;
          if (role === 'nobody') assert.equal(answer.status, 401, what);
          else if (operation['x-roles'].includes(role)) assert.ok(![401, 403].includes(answer.status), what);
          else assert.deepEqual([answer.status, answer.body.code], [403, 'FORBIDDEN'], what);
        }),
      );
    });
});

describe('what the frame refuses', () => {
  const target = ({ path }) => path.replace('{id}', foreignId());
  const namesProblem = ({ responses }, status, code) =>
    code in (Object.values(resolve(responses[status])?.content ?? {})[0]?.examples ?? {});
  const isOpen = ({ 'x-roles': roles }) => roles.includes('open') || roles.includes('signature');

  test('a bad token, wherever one is asked for', async () => {
    for (const operation of ofProgram.filter(({ 'x-roles': roles }) => !roles.includes('open')))
      expectProblem(
        await send(operation.method, target(operation), { token: 'not.a.token', isBare: true }),
        401,
        'UNAUTHORIZED',
      );
  });

  test('a header that comes twice, on every route', async () => {
    const twice = ['Idempotency-Key: a', 'Idempotency-Key: b', 'Content-Length: 0'];
    for (const operation of ofProgram) {
      const answer = await sendLines(`${operation.method} ${target(operation)}`, twice);
      expectProblem(answer, 400, 'REPEATED_HEADER');
    }
  });

  test('a body of another type, or of none', async () => {
    const withBody = ofProgram.filter(
      (operation) => operation.responses[415] && resolve(operation.requestBody).content['application/json'],
    );
    for (const operation of withBody) {
      const ask = (body, type) =>
        send(operation.method, target(operation), {
          token: isOpen(operation) ? undefined : need('VALS_ADMIN_TOKEN'),
          body,
          headers: { 'content-type': type },
        });
      expectProblem(await ask('text', 'text/plain'), 415, 'UNSUPPORTED_TYPE');
      expectProblem(await ask('{', 'application/json'), 400, 'MALFORMED');
    }
    assert.ok(withBody.length > 0);
  });

  test('a query that is none', async () => {
    const withoutBody = ofProgram.filter((operation) => !operation.requestBody && namesProblem(operation, 400, 'MALFORMED'));
    for (const operation of withoutBody) {
      const token = isOpen(operation) ? undefined : need('VALS_ADMIN_TOKEN');
      expectProblem(await send(operation.method, `${target(operation)}?a=%zz`, { token }), 400, 'MALFORMED');
    }
    assert.ok(withoutBody.length > 0);
  });

  test('a page that is no number', async () => {
    const paged = ofProgram.filter(({ parameters = [] }) => parameters.map(resolve).some(({ name }) => name === 'page'));
    for (const operation of paged)
      expectInvalid(await send(operation.method, `${target(operation)}?page=x`, { token: need('VALS_ADMIN_TOKEN') }), 'page');
    assert.ok(paged.length > 0);
  });

  test('a key of other scopes', async () => {
    const newKey = async (scope) => {
      const { data } = expectStatus(await admin.post('/api/keys', { name: 'scope test', scopes: [scope] }), 201).body;
      return data;
    };
    const keys = await Promise.all(['leads:view', 'reports'].map(newKey));
    const scoped = ofProgram.filter((operation) => namesProblem(operation, 403, 'SCOPE'));
    for (const operation of scoped) {
      const { key } = keys[/^GET .api.leads/.test(operation.route) ? 1 : 0];
      expectProblem(await send(operation.method, target(operation), { token: key }), 403, 'SCOPE');
    }
    assert.ok(scoped.length > 0);
    for (const { id } of keys) expectStatus(await admin.delete(`/api/keys/${id}`), 200);
  });
});

describe('as it is served', () => {
  test('/api/openapi.json is the document', async () => {
    const answer = expectStatus(await send('GET', '/api/openapi.json', { isBare: true }), 200);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    assert.deepEqual(answer.body, api);
  });

  test('and is not sent again to whoever has it', async () => {
    for (const path of ['/api/openapi.json', '/api/docs']) {
      const headers = { 'accept-encoding': 'identity' };
      const etag = (await fetch(`${baseUrl}${path}`, { headers })).headers.get('etag');
      const again = await fetch(`${baseUrl}${path}`, { headers: { ...headers, 'if-none-match': etag } });
      assert.deepEqual([again.status, await again.text()], [304, ''], path);
    }
  });

  test('any site that may call the API may read it', async () => {
    const preflight = await fetch(`${baseUrl}/api/openapi.json`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:3000' },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://localhost:3000');
  });

  test('it cannot be written', async () => {
    const answer = await send('POST', '/api/openapi.json', { body: {}, isBare: true });
    assert.deepEqual([answer.status, answer.body.success], [405, false]);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD');
  });

  test('/api/docs is a page with every route, within the policy, from this host alone', async () => {
    const answer = expectStatus(await send('GET', '/api/docs', { isBare: true }), 200);
    const { text } = answer;
    assert.match(answer.headers.get('content-type'), /^text\/html; charset=utf-8/);
    assert.match(answer.headers.get('content-security-policy'), /script-src 'self'/);
    for (const { operationId, route } of operations) assert.ok(text.includes(`id="${operationId}"`), route);
    assert.doesNotMatch(text, /<script|\bon[a-z]+=|<link|<img|<iframe|@import|url\(/i);
    for (const [, address] of text.matchAll(/(?:href|src)="([^"]*)"/g)) assert.match(address, /^[#/]/);
  });

  test('the links within the page lead somewhere', async () => {
    const { text } = await send('GET', '/api/docs', { isBare: true });
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.has(target), target);
  });

  test('/metrics is text, as documented', async () => {
    expectStatus(await send('GET', '/metrics', { isBare: true }), 200);
  });

  test('what is not documented is 404, another method 405', async () => {
    assert.equal((await nobody.get('/api/nothing')).status, 404);
    assert.equal((await nobody.delete('/api/leads')).status, 405);
  });
});
