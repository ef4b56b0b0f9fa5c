/* Each POST that takes an Idempotency-Key refuses one that is in use or was used for something else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operations, resolve } from './openapi.mjs';
import { admin, execute, expectProblem, foreignId, leadBody, runName, whileHeld } from './support.mjs';

/* A well-formed body for each of them; what it names need not be there. */
const BODIES = {
  'POST /api/leads': () => leadBody(),
  'POST /api/leads/import': () => 'firstName,lastName,phone\n',
  'POST /api/leads/{id}/calls': () => ({}),
  'POST /api/calls': () => ({ leadId: foreignId() }),
  'POST /api/calls/{id}/recording': () => ({ action: 'start' }),
  'POST /api/calls/{id}/transfer': () => ({}),
  'POST /api/agent/start-call': () => ({ leadId: foreignId() }),
  'POST /api/agent/end-call': () => ({ callId: foreignId() }),
  'POST /api/agent/engagement-score': () => ({ callId: foreignId(), engagementScore: 1 }),
  'POST /api/agent/phase-transition': () => ({ callId: foreignId(), phase: 2 }),
  'POST /api/kevin/transfer-outcome': () => ({ callId: foreignId(), conversionResult: 'closed' }),
  'POST /api/users': () => ({ email: `${runName}@example.com`, name: 'Nobody', role: 'analyst', password: 'Long-Enough-1234' }),
};

const takesKey = ({ responses }) => Object.values(resolve(responses[409])?.content ?? {}).some(({ examples }) => examples?.IDEMPOTENCY_IN_PROGRESS);

/* {route, path, key, body} of every documented one, with a key of its own. */
const requests = operations.filter(takesKey).map(({ route, path }, i) => ({
  route,
  path: path.replace('{id}', foreignId()),
  key: `${runName}-${i}`,
  body: BODIES[route]?.(),
}));

const send = ({ path, key, body }) =>
  admin.post(path, body, { 'idempotency-key': key, ...(typeof body === 'string' && { 'content-type': 'text/csv' }) });

let principal;

/* The rows that say that somebody began each of them; a route that takes filters has them in its name. */
const begun = () =>
  requests.map(({ path, key }) => `('${principal}', 'POST ${path}${path.endsWith('/import') ? '?' : ''}', '${key}', 'another body')`).join(', ');

const claim = () => `insert into vals.idempotency_keys (principal, route, key, body_hash) values ${begun()}`;

before(async () => {
  principal = (await admin.get('/api/auth/me')).body.data.id;
});
after(() => execute("delete from vals.idempotency_keys where key like :'run' || '%'", { run: runName }));

describe('an Idempotency-Key', () => {
  test('is tried on every route that documents it', () => {
    assert.ok(requests.length >= 10);
    for (const { route, body } of requests) assert.ok(body !== undefined, `${route}: BODIES lacks what to send`);
  });

  test('that is in use by a request under way is 409 on each', async () => {
    const answers = await whileHeld(claim(), () => Promise.all(requests.map(send)));
    for (const answer of answers) expectProblem(answer, 409, 'IDEMPOTENCY_IN_PROGRESS');
  });

  test('that was used for another body is 409 on each', async () => {
    await execute(claim());
    for (const request of requests) expectProblem(await send(request), 409, 'IDEMPOTENCY_MISMATCH');
  });
});
