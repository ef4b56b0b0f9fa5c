/* API keys: shown once, limited by scope and time, ended by revoking. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { admin, agent, as, caller, execute, expectInvalid, expectProblem, expectStatus, newLead, runName, sleep } from './support.mjs';

const newKey = async (more) => expectStatus(await admin.post('/api/keys', { name: `${runName} key`, ...more }), 201).body.data;

test('a key is shown when it is made and never again', async () => {
  const key = await newKey();
  assert.match(key.key, /^vals_[A-Za-z0-9_-]{43}$/);
  assert.equal(key.prefix, key.key.slice(0, 13));
  const { data } = expectStatus(await admin.get('/api/keys?limit=200'), 200).body;
  const listed = data.find(({ id }) => id === key.id);
  assert.ok(listed);
  assert.ok(!JSON.stringify(data).includes(key.key));
});

test('a key works as the voice agent', async () => {
  const key = await newKey();
  const { data } = expectStatus(await caller(key.key).get('/api/auth/me'), 200).body;
  assert.deepEqual([data.id, data.role], [key.id, 'agent']);
});

test('a key with scopes may do what they say and nothing else', async () => {
  const lead = await newLead();
  const key = caller((await newKey({ scopes: ['leads:view'] })).key);
  expectStatus(await key.get(`/api/leads/${lead.id}`), 200);
  expectProblem(await key.put(`/api/leads/${lead.id}`, { city: 'Reno' }), 403, 'SCOPE');
  expectProblem(await key.get('/api/calls/active'), 403, 'SCOPE');
  expectProblem(await key.post('/api/agent/start-call', { leadId: lead.id }), 403, 'SCOPE');
});

test('the document and the dashboard know every scope of the program', async () => {
  const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const scopes = [...source('fcgi/access.c').matchAll(/^\tSCOPE\("([a-z:]+)"/gm)].map(([, scope]) => scope);
  assert.ok(scopes.length > 0);
  assert.deepEqual((await newKey({ scopes })).scopes, scopes);
  assert.deepEqual(JSON.parse(source('docs/openapi.json')).components.schemas.Scope.enum, scopes);
  const [, offered] = source('web/src/features/team/KeysCard.tsx').match(/SCOPES = \[([^\]]*)\]/);
  assert.deepEqual([...offered.matchAll(/"([a-z:]+)"/g)].map(([, scope]) => scope), scopes);
});

test('scopes widen nothing: what the role may not, no key may', async () => {
  const lead = await newLead();
  const key = caller((await newKey({ scopes: ['leads:view', 'leads:update'] })).key);
  expectProblem(await key.delete(`/api/leads/${lead.id}`), 403, 'FORBIDDEN');
});

test('unknown, repeated and empty scopes are refused', async () => {
  for (const scopes of [['everything'], ['reports', 'reports'], [], 'reports'])
    expectInvalid(await admin.post('/api/keys', { name: 'x', scopes }), 'scopes');
});

test('a key is read by its id, without the key itself', async () => {
  const { key, ...made } = await newKey({ scopes: ['reports'] });
  assert.deepEqual(expectStatus(await admin.get(`/api/keys/${made.id}`), 200).body.data, made);
});

test('name, scopes and end of a key can be changed, each by itself', async () => {
  const { key, ...made } = await newKey({ scopes: ['reports'] });
  const expiresAt = new Date(Date.now() + 3600e3).toISOString();
  const change = async (body) => expectStatus(await admin.put(`/api/keys/${made.id}`, body), 200).body.data;
  let expected = made;
  for (const body of [{ name: `${runName} other` }, { scopes: ['leads:view', 'reports'] }, { expiresAt }, { scopes: null }, { expiresAt: null }, {}]) {
    expected = { ...expected, ...body };
    assert.deepEqual(await change(body), expected);
  }
  const { data: rows } = expectStatus(await admin.get(`/api/audit?subjectId=${made.id}`), 200).body;
  assert.deepEqual(rows.map(({ action }) => action), [...Array(5).fill('key.update'), 'key.create']);
  assert.deepEqual([rows[4].before, rows[4].after], [{ name: made.name }, { name: `${runName} other` }]);
});

test('what the server sets of a key cannot be changed, nor its end be in the past', async () => {
  const key = await newKey();
  const change = (body) => admin.put(`/api/keys/${key.id}`, body);
  for (const field of ['id', 'role', 'prefix', 'createdBy', 'createdAt', 'revokedAt', 'lastUsedAt'])
    expectInvalid(await change({ [field]: key[field] }), field);
  expectInvalid(await change({ key: key.key }), 'key');
  expectInvalid(await change({ name: '' }), 'name');
  expectInvalid(await change({ name: null }), 'name');
  expectInvalid(await change({ scopes: ['everything'] }), 'scopes');
  expectInvalid(await change({ expiresAt: '2020-01-01T00:00:00Z' }), 'expiresAt');
});

test('a change does not bring a revoked key back', async () => {
  const key = await newKey();
  const { data: revoked } = expectStatus(await admin.delete(`/api/keys/${key.id}`), 200).body;
  const { data } = expectStatus(await admin.put(`/api/keys/${key.id}`, { name: 'again', expiresAt: null }), 200).body;
  assert.equal(data.revokedAt, revoked.revokedAt);
  expectStatus(await caller(key.key).get('/api/auth/me'), 401);
});

/* The statuses of many requests at once: whatever worker knows the key is asked. */
const statusesWith = async ({ key }, path = '/api/calls/active') =>
  new Set((await Promise.all(Array.from({ length: 40 }, () => caller(key).get(path)))).map(({ status }) => status));

test('a revoked key is refused by all workers at once', async () => {
  const key = await newKey();
  assert.deepEqual(await statusesWith(key), new Set([200]));
  assert.ok(expectStatus(await admin.delete(`/api/keys/${key.id}`), 200).body.data.revokedAt);
  assert.deepEqual(await statusesWith(key), new Set([401]));
  expectStatus(await admin.delete(`/api/keys/${key.id}`), 200);
});

test('other scopes hold for all workers at once', async () => {
  const key = await newKey({ scopes: ['calls:view'] });
  assert.deepEqual(await statusesWith(key), new Set([200]));
  expectStatus(await admin.put(`/api/keys/${key.id}`, { scopes: ['reports'] }), 200);
  assert.deepEqual(await statusesWith(key), new Set([403]));
});

test('a key ends when it says, also for workers that know it', async () => {
  const key = await newKey();
  await execute("update vals.api_keys set expires_at = now() + interval '1 second' where id = :'id'", { id: key.id });
  await statusesWith(key);
  await sleep(1100);
  assert.deepEqual(await statusesWith(key), new Set([401]));
});

test('an expired key is refused', async () => {
  const key = await newKey({ expiresAt: new Date(Date.now() + 3600e3).toISOString() });
  await execute("update vals.api_keys set expires_at = now() - interval '1 second' where id = :'id'", { id: key.id });
  expectStatus(await caller(key.key).get('/api/auth/me'), 401);
});

test('a key cannot be made expired', async () => {
  expectInvalid(await admin.post('/api/keys', { name: 'x', expiresAt: '2020-01-01T00:00:00Z' }), 'expiresAt');
});

test('an unknown key is 404', async () => {
  for (const id of [randomUUID(), 'nonsense']) {
    expectStatus(await admin.get(`/api/keys/${id}`), 404);
    expectStatus(await admin.put(`/api/keys/${id}`, { name: 'x' }), 404);
    expectStatus(await admin.delete(`/api/keys/${id}`), 404);
  }
});

test('keys are the admin\'s business', async () => {
  for (const who of [agent, await as('kevin'), await as('operator'), await as('analyst')]) {
    expectStatus(await who.get('/api/keys'), 403);
    expectStatus(await who.post('/api/keys', { name: 'x' }), 403);
  }
});
