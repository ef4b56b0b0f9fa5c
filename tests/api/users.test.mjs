/* Accounts of people: made, changed, deactivated, and never the last admin. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { admin, agent, as, caller, cookiesOf, expectInvalid, expectProblem, expectStatus, newAccount, runName, signIn } from './support.mjs';

const PASSWORD = 'Correct-Horse-7-Battery';
let made = 0;

const draft = (more) => ({ email: `${runName}-user-${(made += 1)}@example.com`, name: 'Una Usher', role: 'operator', password: PASSWORD, ...more });

async function newUser(more) {
  const body = draft(more);
  const { data } = expectStatus(await admin.post('/api/users', body), 201).body;
  return { ...data, password: body.password };
}

test('a created user signs in with the password that was given', async () => {
  const user = await newUser();
  assert.deepEqual([user.role, user.isActive, user.lastLoginAt], ['operator', true, null]);
  const { data } = expectStatus(await signIn(user.email, PASSWORD), 200).body;
  assert.equal(data.user.id, user.id);
});

test('a user is never answered with anything of the password', async () => {
  const user = await newUser();
  const answer = await admin.get(`/api/users/${user.id}`);
  assert.deepEqual(Object.keys(answer.body.data).sort(), ['createdAt', 'email', 'id', 'isActive', 'lastLoginAt', 'name', 'role']);
});

test('two users cannot share an address, whatever its case', async () => {
  const user = await newUser();
  expectProblem(await admin.post('/api/users', draft({ email: user.email.toUpperCase() })), 409, 'EMAIL_TAKEN');
});

test('a weak password is refused with the rule it breaks', async () => {
  for (const password of ['Short-1', 'nouppercase-1234', 'NOLOWERCASE-1234', 'No-Digits-At-All', 'NoSpecial1234567', `A-1${'x'.repeat(130)}`])
    expectInvalid(await admin.post('/api/users', draft({ password })), 'password');
});

test('required fields and roles are checked', async () => {
  expectInvalid(await admin.post('/api/users', {}), 'email', 'name', 'password', 'role');
  expectInvalid(await admin.post('/api/users', draft({ role: 'agent' })), 'role');
  expectInvalid(await admin.put(`/api/users/${(await newUser()).id}`, { email: 'other@example.com' }), 'email');
});

test('the list is paged and can be limited to a role', async () => {
  const user = await newUser({ role: 'analyst' });
  const { data, pagination } = expectStatus(await admin.get('/api/users?role=analyst&limit=200'), 200).body;
  assert.ok(data.some(({ id }) => id === user.id));
  assert.ok(data.every(({ role }) => role === 'analyst'));
  assert.equal(pagination.total >= 1, true);
});

test('another role ends the sessions of the user', async () => {
  const user = await newUser();
  const signedIn = await signIn(user.email, PASSWORD);
  const cookie = `vals_refresh=${cookiesOf(signedIn).vals_refresh.value}`;
  expectStatus(await admin.put(`/api/users/${user.id}`, { role: 'analyst' }), 200);
  const refreshed = await admin.post('/api/auth/refresh', undefined,
    { authorization: null, cookie, origin: process.env.VALS_URL.replace(/\/$/, ''), 'x-requested-with': 'XMLHttpRequest' });
  expectStatus(refreshed, 401);
});

test('a new password replaces the old one', async () => {
  const user = await newUser();
  expectStatus(await admin.put(`/api/users/${user.id}`, { password: 'Another-Horse-8-Battery' }), 200);
  expectProblem(await signIn(user.email, PASSWORD), 401, 'INVALID_CREDENTIALS');
  expectStatus(await signIn(user.email, 'Another-Horse-8-Battery'), 200);
});

test('a deactivated user cannot sign in, and can be taken back', async () => {
  const user = await newUser();
  assert.equal(expectStatus(await admin.delete(`/api/users/${user.id}`), 200).body.data.isActive, false);
  expectProblem(await signIn(user.email, PASSWORD), 401, 'INVALID_CREDENTIALS');
  expectStatus(await admin.put(`/api/users/${user.id}`, { isActive: true }), 200);
  expectStatus(await signIn(user.email, PASSWORD), 200);
});

test('the last active admin can be neither demoted nor deactivated', async () => {
  /* Every other admin of this system is put aside for the moment, then taken back. */
  const { data } = (await admin.get('/api/auth/me')).body;
  const others = (await admin.get('/api/users?role=admin&limit=200')).body.data.filter((user) => user.id !== data.id && user.isActive);
  for (const { id } of others) expectStatus(await admin.delete(`/api/users/${id}`), 200);
  try {
    expectProblem(await admin.delete(`/api/users/${data.id}`), 409, 'LAST_ADMIN');
    expectProblem(await admin.put(`/api/users/${data.id}`, { role: 'operator' }), 409, 'LAST_ADMIN');
    expectProblem(await admin.put(`/api/users/${data.id}`, { isActive: false }), 409, 'LAST_ADMIN');
  } finally {
    for (const { id } of others) await admin.put(`/api/users/${id}`, { isActive: true });
  }
});

test('of two admins who deactivate each other at once one stays', async () => {
  const [one, two] = await Promise.all([newAccount('admin'), newAccount('admin')]);
  const tokens = await Promise.all([one, two].map(async ({ email }) => (await signIn(email)).body.data.token));
  const answers = await Promise.all([
    caller(tokens[0]).delete(`/api/users/${two.id}`),
    caller(tokens[1]).delete(`/api/users/${one.id}`),
  ]);
  for (const answer of answers) assert.ok([200, 409].includes(answer.status), answer.text);
  const { data } = (await admin.get('/api/users?role=admin&limit=200')).body;
  assert.ok(data.some(({ isActive }) => isActive));
  for (const { id } of [one, two]) await admin.delete(`/api/users/${id}`);
});

test('an unknown user is 404', async () => {
  for (const id of [randomUUID(), 'nonsense']) {
    expectStatus(await admin.get(`/api/users/${id}`), 404);
    expectStatus(await admin.put(`/api/users/${id}`, { name: 'X' }), 404);
    expectStatus(await admin.delete(`/api/users/${id}`), 404);
  }
});

test('only admins change users; Kevin may look', async () => {
  const user = await newUser();
  for (const role of ['operator', 'analyst']) expectStatus(await (await as(role)).get('/api/users'), 403);
  expectStatus(await agent.get('/api/users'), 403);
  expectStatus(await (await as('kevin')).get(`/api/users/${user.id}`), 200);
  expectStatus(await (await as('kevin')).post('/api/users', draft()), 403);
  expectStatus(await (await as('kevin')).delete(`/api/users/${user.id}`), 403);
});
