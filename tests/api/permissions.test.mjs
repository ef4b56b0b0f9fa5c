/*
 * Who may do what: the published matrix, cell by cell.
 *
 * Each row is a request that can change nothing: an id nobody has, or a body that
 * is refused. Whoever may do it gets that far (and the row's status), whoever may not is stopped before.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { as, expectProblem, expectStatus, foreignId, send } from './support.mjs';

const ROLES = ['admin', 'kevin', 'operator', 'analyst', 'agent'];
const lead = `/api/leads/${foreignId()}`;
const user = `/api/users/${foreignId()}`;
const call = `/api/calls/${foreignId()}`;
const callId = foreignId();
const leadId = foreignId();
const PEOPLE = ['admin', 'kevin', 'operator', 'analyst'];
const CALLERS = ['admin', 'kevin', 'operator', 'agent'];

/* route as in fcgi/routes.c, request, status for those who may, and who may. */
const MATRIX = [
  ['GET /api/auth/me', ['GET', '/api/auth/me'], 200, ROLES],
  ['GET /api/leads', ['GET', '/api/leads?limit=1'], 200, ROLES],
  ['POST /api/leads', ['POST', '/api/leads', {}], 400, ['admin', 'kevin', 'operator']],
  ['GET /api/leads/:id', ['GET', lead], 404, ROLES],
  ['PUT /api/leads/:id', ['PUT', lead, {}], 404, CALLERS],
  ['DELETE /api/leads/:id', ['DELETE', lead], 404, ['admin', 'kevin']],
  ['POST /api/leads/import', ['POST', '/api/leads/import', {}], 415, ['admin', 'kevin']],
  ['GET /api/leads/:id/calls', ['GET', `${lead}/calls`], 404, ROLES],
  ['POST /api/leads/:id/calls', ['POST', `${lead}/calls`, {}], 404, ['admin', 'kevin', 'agent']],
  ['GET /api/calls', ['GET', '/api/calls?limit=1'], 200, ROLES],
  ['POST /api/calls', ['POST', '/api/calls', {}], 400, ['admin', 'kevin', 'agent']],
  ['GET /api/calls/active', ['GET', '/api/calls/active'], 200, ROLES],
  ['GET /api/calls/:id', ['GET', call], 404, ROLES],
  ['PUT /api/calls/:id', ['PUT', call, {}], 404, ['admin', 'kevin', 'agent']],
  ['POST /api/calls/:id/recording', ['POST', `${call}/recording`, { action: 'start' }], 404, CALLERS],
  ['GET /api/calls/:id/recording', ['GET', `${call}/recording`], 404, ROLES],
  ['POST /api/calls/:id/transfer', ['POST', `${call}/transfer`, {}], 404, CALLERS],
  ['DELETE /api/calls/:id/transfer', ['DELETE', `${call}/transfer`], 404, CALLERS],
  ['POST /api/agent/start-call', ['POST', '/api/agent/start-call', { leadId }], 404, CALLERS],
  ['POST /api/agent/end-call', ['POST', '/api/agent/end-call', { callId }], 404, CALLERS],
  [
    'POST /api/agent/engagement-score',
    ['POST', '/api/agent/engagement-score', { callId, engagementScore: 1 }],
    404,
    ['admin', 'agent'],
  ],
  [
    'POST /api/agent/phase-transition',
    ['POST', '/api/agent/phase-transition', { callId, phase: 1 }],
    404,
    ['admin', 'agent'],
  ],
  ['GET /api/agent/performance', ['GET', '/api/agent/performance'], 200, PEOPLE],
  ['GET /api/kevin/availability', ['GET', '/api/kevin/availability'], 200, ROLES],
  ['PUT /api/kevin/availability', ['PUT', '/api/kevin/availability', {}], 400, ['admin', 'kevin']],
  ['GET /api/kevin/schedule', ['GET', '/api/kevin/schedule'], 200, PEOPLE],
  ['PUT /api/kevin/schedule', ['PUT', '/api/kevin/schedule', { slots: 'none' }], 400, ['admin', 'kevin']],
  ['GET /api/kevin/transfers', ['GET', '/api/kevin/transfers?limit=1'], 200, PEOPLE],
  ['POST /api/kevin/transfer-outcome', ['POST', '/api/kevin/transfer-outcome', {}], 400, ['admin', 'kevin']],
  ['GET /api/analytics/dashboard', ['GET', '/api/analytics/dashboard'], 200, PEOPLE],
  ['GET /api/analytics/performance', ['GET', '/api/analytics/performance'], 200, PEOPLE],
  ['GET /api/analytics/conversion', ['GET', '/api/analytics/conversion'], 200, PEOPLE],
  ['GET /api/analytics/export', ['GET', '/api/analytics/export'], 400, ['admin', 'kevin', 'analyst']],
  ['GET /api/users', ['GET', '/api/users'], 200, ['admin', 'kevin']],
  ['POST /api/users', ['POST', '/api/users', {}], 400, ['admin']],
  ['GET /api/users/:id', ['GET', user], 404, ['admin', 'kevin']],
  ['PUT /api/users/:id', ['PUT', user, {}], 404, ['admin']],
  ['DELETE /api/users/:id', ['DELETE', user], 404, ['admin']],
  ['GET /api/keys', ['GET', '/api/keys'], 200, ['admin']],
  ['POST /api/keys', ['POST', '/api/keys', {}], 400, ['admin']],
  ['GET /api/keys/:id', ['GET', `/api/keys/${foreignId()}`], 404, ['admin']],
  ['PUT /api/keys/:id', ['PUT', `/api/keys/${foreignId()}`, {}], 404, ['admin']],
  ['DELETE /api/keys/:id', ['DELETE', `/api/keys/${foreignId()}`], 404, ['admin']],
  ['GET /api/audit', ['GET', '/api/audit'], 200, ['admin']],
];

/* Routes that ask for no role; each has its own file of tests. */
const OPEN = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /api/health',
  'POST /api/auth/login',
  'POST /api/auth/refresh',
  'POST /api/auth/logout',
  'POST /api/webhooks/telnyx',
  'GET /api/recordings/:id/file',
];

const request = async (role, [method, path, body]) => send(method, path, { token: (await as(role)).token, body });

test('every route of the program stands in the matrix', () => {
  const source = readFileSync(new URL('../../fcgi/routes.c', import.meta.url), 'utf8');
  const routes = [...source.matchAll(/^\t\{ (GET|POST|PUT|DELETE), +"([^"]+)"/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  assert.deepEqual(routes.sort(), [...MATRIX.map(([route]) => route), ...OPEN].sort());
});

for (const [route, what, status, allowed] of MATRIX)
  describe(route, () => {
    for (const role of ROLES)
      test(`${role} ${allowed.includes(role) ? 'may' : 'may not'}`, async () => {
        const answer = await request(role, what);
        if (allowed.includes(role)) expectStatus(answer, status);
        else assert.equal(expectProblem(answer, 403, 'FORBIDDEN').body.error, 'Your role does not allow this');
      });

    test('nobody without a token', async () => {
      const answer = expectProblem(await request('nobody', what), 401, 'UNAUTHORIZED');
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    });
  });

describe('the role', () => {
  test('comes from the token, never from the request', async () => {
    const analyst = await as('analyst');
    expectStatus(
      await send('POST', '/api/leads?role=admin', {
        token: analyst.token,
        body: { role: 'admin' },
        headers: { 'x-role': 'admin' },
      }),
      403,
    );
  });

  test('is asked before the body is looked at', async () => {
    const analyst = await as('analyst');
    expectStatus(await send('POST', '/api/leads', { token: analyst.token, body: '{' }), 403);
    expectStatus(
      await send('POST', '/api/leads', { token: analyst.token, body: 'x', headers: { 'content-type': 'text/plain' } }),
      403,
    );
  });

  test('is asked before the id is looked at', async () => {
    const operator = await as('operator');
    expectStatus(await operator.delete('/api/leads/malformed'), 403);
    expectStatus(await send('DELETE', '/api/leads/malformed'), 401);
  });
});
