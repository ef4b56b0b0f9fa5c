/* Answers that belong to no resource: unknown addresses, other methods, and the shape of every refusal. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admin, expectInvalid, expectProblem, expectStatus, foreignId, nobody, send } from './support.mjs';

describe('an address nobody knows', () => {
  for (const path of [
    '/api/',
    '/api/nothing',
    '/api/lead',
    '/api/leads/',
    '/api/leadsx',
    '/api/LEADS',
    '/api/agent',
    '/api/agent/',
    '/api/calls/active/x',
    `/api/leads/${foreignId()}/`,
    `/api/leads/${foreignId()}/nothing`,
    '/api/%00x',
    '/api/ä€😀',
  ])
    test(`${path.replace(/[0-9a-f-]{36}/, ':id')} is 404`, async () => {
      const answer = await admin.get(path);
      assert.ok([400, 404].includes(answer.status), answer.text);
      if (!path.includes('%00')) expectStatus(answer, 404);
    });

  test('is 404 without a token as well', async () => {
    expectProblem(await nobody.get('/api/nothing'), 404, 'NOT_FOUND');
  });

  test('is 401 with a bad token', async () => {
    expectStatus(await send('GET', '/api/nothing', { token: 'x.y.z' }), 401);
  });

  test('is cleaned of dots and double slashes before anybody looks', async () => {
    expectStatus(await admin.get('/api/calls/../leads?limit=1'), 200);
    expectStatus(await admin.get('//api//leads?limit=1'), 200);
  });
});

describe('another method', () => {
  const id = foreignId();
  for (const [path, allow] of [
    ['/api/leads', 'GET, POST'],
    [`/api/leads/${id}`, 'GET, PUT, DELETE'],
    ['/api/calls', 'GET, POST'],
    ['/api/calls/active', 'GET'],
    [`/api/calls/${id}`, 'GET, PUT'],
    ['/api/agent/start-call', 'POST'],
    ['/api/agent/end-call', 'POST'],
    ['/api/agent/engagement-score', 'POST'],
    ['/api/agent/phase-transition', 'POST'],
    ['/api/kevin/availability', 'GET, PUT'],
    ['/api/auth/login', 'POST'],
    ['/api/auth/refresh', 'POST'],
    ['/api/auth/logout', 'POST'],
    ['/api/auth/me', 'GET'],
    ['/api/webhooks/telnyx', 'POST'],
    ['/api/health', 'GET'],
  ])
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'].filter(
      (name) => !allow.split(', ').includes(name),
    ))
      test(`${method} ${path.replace(id, ':id')} is 405 and names ${allow}`, async () => {
        const answer = expectProblem(await send(method, path, { token: admin.token }), 405, 'METHOD_NOT_ALLOWED');
        assert.equal(answer.headers.get('allow'), allow);
      });

  test('is not made another by a header or a parameter', async () => {
    const answer = await send('GET', `/api/leads/${foreignId()}?_method=DELETE`, {
      token: admin.token,
      headers: { 'x-http-method-override': 'DELETE' },
    });
    expectProblem(answer, 404, 'NOT_FOUND');
  });
});

describe('a refusal', () => {
  test('says what is wrong with each field', async () => {
    const { body } = expectInvalid(
      await admin.post('/api/leads', { firstName: '', phone: 'abc', colour: 1 }),
      'firstName',
      'lastName',
      'phone',
      'colour',
    );
    assert.deepEqual(Object.keys(body), ['success', 'error', 'code', 'details']);
    assert.equal(body.error, 'Validation failed');
    const messages = Object.fromEntries(body.details.map(({ field, message }) => [field, message]));
    assert.deepEqual(
      [messages.firstName, messages.lastName, messages.colour],
      ['must not be empty', 'is required', 'is not a known field'],
    );
    assert.match(messages.phone, /\+12125550100/);
  });

  test('repeats a strange field name without harm', async () => {
    const name = '</script>"\\\n😀\u2028';
    const { body } = expectStatus(await admin.post('/api/agent/start-call', { leadId: foreignId(), [name]: 1 }), 400);
    assert.equal(body.details[0].field, name);
  });

  test('of a body with a thousand unknown fields stays small', async () => {
    const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, i]));
    const answer = expectStatus(await admin.post('/api/agent/start-call', fields), 400);
    assert.ok(answer.body.details.length <= 100 && answer.text.length < 20_000);
  });

  test('has nothing of the machinery in it', async () => {
    const answers = await Promise.all([
      admin.get('/api/leads?search=%27&page=1%27'),
      admin.get("/api/leads/'"),
      admin.post('/api/leads', '{"a":'),
      admin.put('/api/kevin/availability', { available: true, until: '2026-02-30T00:00:00Z' }),
      admin.get('/api/nothing'),
    ]);
    for (const { text } of answers)
      assert.doesNotMatch(text, /postgres|sqlstate|select|vals\.|\.c:|\/usr\/|\/home\/|relation|function/i);
  });
});

describe('every answer', () => {
  test('has a request id of its own', async () => {
    const ids = (await Promise.all(Array.from({ length: 20 }, () => nobody.get('/api/health')))).map(({ headers }) =>
      headers.get('x-request-id'),
    );
    assert.equal(new Set(ids).size, 20);
  });

  test('is JSON in UTF-8, whatever was asked for', async () => {
    const answer = await send('GET', '/api/leads?limit=1', {
      token: admin.token,
      headers: { accept: 'text/html', 'accept-charset': 'latin1' },
    });
    assert.equal(expectStatus(answer, 200).headers.get('content-type'), 'application/json; charset=utf-8');
  });
});

describe('a webhook', () => {
  test('without a signature is 401 and nothing else is said', async () => {
    const answer = await send('POST', '/api/webhooks/telnyx', {
      body: { data: { id: foreignId(), event_type: 'call.answered' } },
      isBare: true,
    });
    assert.deepEqual([answer.status, answer.text], [401, '']);
  });
});
