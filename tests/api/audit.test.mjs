/* Every change leaves a row: who, what, before, after, from where. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { operations } from './openapi.mjs';
import {
  admin, agent, answerCall, as, endAllCalls, execute, expectInvalid, expectStatus, freshPhone, newAnsweredCall, newCall, newLead, query,
  runName, sim, toBeEnded,
} from './support.mjs';

after(endAllCalls);

const rowsOf = async (subjectId) =>
  expectStatus(await admin.get(`/api/audit?subjectId=${subjectId}&limit=200`), 200).body.data;

test('the life of a lead can be read back', async () => {
  const lead = await newLead();
  expectStatus(await admin.put(`/api/leads/${lead.id}`, { city: 'Reno', kevinRating: 7 }), 200);
  expectStatus(await admin.delete(`/api/leads/${lead.id}`), 200);
  const rows = await rowsOf(lead.id);
  assert.deepEqual(rows.map(({ action }) => action), ['lead.delete', 'lead.update', 'lead.create']);
});

test('a change names its actor, his role, his address and the request', async () => {
  const lead = await newLead();
  const changed = await admin.put(`/api/leads/${lead.id}`, { city: 'Reno' });
  const [row] = await rowsOf(lead.id);
  const { data: me } = (await admin.get('/api/auth/me')).body;
  assert.deepEqual([row.actorId, row.actorRole, row.address], [me.id, 'admin', '127.0.0.1']);
  assert.equal(row.requestId, changed.headers.get('x-request-id'));
});

test('only the members that differ are kept', async () => {
  const lead = await newLead();
  await admin.put(`/api/leads/${lead.id}`, { city: 'Reno', firstName: lead.firstName });
  const [row] = await rowsOf(lead.id);
  assert.equal(row.before.city, null);
  assert.equal(row.after.city, 'Reno');
  assert.ok(!('firstName' in row.after));
});

test('an update that changes nothing leaves no row', async () => {
  const lead = await newLead();
  await admin.put(`/api/leads/${lead.id}`, { firstName: lead.firstName });
  assert.equal((await rowsOf(lead.id)).length, 1);
});

test('so does a correction of a call that corrects nothing; appended words are counted', async () => {
  const lead = await newLead();
  const { data: call } = expectStatus(await admin.post('/api/calls', { leadId: lead.id }), 201).body;
  const edit = async (body) => expectStatus(await admin.put(`/api/calls/${call.id}`, body), 200);
  await edit({});
  await edit({ strategies: [], transcript: [] });
  assert.deepEqual((await rowsOf(call.id)).map(({ action }) => action), ['call.create']);
  await edit({ transcript: [{ speaker: 'agent', text: 'Hello' }, { speaker: 'prospect', text: 'Hi' }] });
  const [row] = await rowsOf(call.id);
  assert.deepEqual([row.action, row.before, row.after], ['call.update', {}, { transcriptAppended: 2 }]);
});

test('what a call does to its lead is a change of the lead', async () => {
  const lead = await newLead();
  expectStatus(await admin.post('/api/calls', { leadId: lead.id, finalStatus: 'do_not_call' }), 201);
  const rows = await rowsOf(lead.id);
  assert.deepEqual(rows.map(({ action }) => action), ['lead.update', 'lead.update', 'lead.create']);
  assert.deepEqual([rows[0].before.doNotCall, rows[0].after.doNotCall], [false, true]);
  assert.deepEqual([rows[1].before.status, rows[1].after.status], ['new', 'contacted']);
});

test('the log is filtered by action and time', async () => {
  const lead = await newLead();
  const { data } = expectStatus(await admin.get(`/api/audit?action=lead.create&subjectId=${lead.id}`), 200).body;
  assert.equal(data.length, 1);
  const later = new Date(Date.now() + 60e3).toISOString();
  assert.equal(expectStatus(await admin.get(`/api/audit?from=${later}`), 200).body.data.length, 0);
  expectInvalid(await admin.get('/api/audit?from=yesterday'), 'from');
});

test('only admins read it', async () => {
  for (const who of [agent, await as('kevin'), await as('operator'), await as('analyst')]) expectStatus(await who.get('/api/audit'), 403);
});

describe('each changing route', () => {
  /* Signing in changes no business, and what the provider says is his: it stands in vals.webhook_events. */
  const NOT_AUDITED = ['POST /api/auth/login', 'POST /api/auth/refresh', 'POST /api/auth/logout', 'POST /api/webhooks/telnyx'];

  const record = async () => expectStatus(await admin.post('/api/calls', { leadId: (await newLead()).id }), 201).body.data;
  const newUser = (name) => admin.post('/api/users', { email: `${runName}-${name}@example.com`, name, role: 'analyst', password: 'Long-Enough-1234' });
  const newKey = () => admin.post('/api/keys', { name: runName });
  const idOf = async (answer) => expectStatus(await answer, 201).body.data.id;

  async function joinedTransfer() {
    const call = await record();
    const [{ id }] = await query(
      `insert into vals.transfers (call_id, lead_id, state, initiated_at, joined_at, ended_at)
       values (:'id', :'lead', 'ended', now() - interval '3 minutes', now() - interval '2 minutes', now()) returning id`,
      { id: call.id, lead: call.leadId },
    );
    return id;
  }

  async function availability() {
    const { override } = expectStatus(await admin.get('/api/kevin/availability'), 200).body.data;
    const answer = await admin.put('/api/kevin/availability', { available: false, reason: runName });
    await admin.put('/api/kevin/availability', override ?? { available: null });
    return answer;
  }

  async function schedule() {
    const { timezone, slots, exceptions } = expectStatus(await admin.get('/api/kevin/schedule'), 200).body.data;
    return admin.put('/api/kevin/schedule', { timezone, slots, exceptions });
  }

  /* A call whose transfer rings for as long as nobody takes it back. */
  async function ringing(work) {
    const { override } = expectStatus(await admin.get('/api/kevin/availability'), 200).body.data;
    await admin.put('/api/kevin/availability', { available: true });
    await sim('POST', 'rules', { regex: '^\\+12025550199$', result: 'no_answer', ringMs: null });
    const { callId } = await newAnsweredCall();
    const path = `/api/calls/${callId}/transfer`;
    const asked = await admin.post(path, {}, { prefer: 'respond-async' });
    const takenBack = await admin.delete(path);
    await sim('DELETE', 'rules');
    await admin.put('/api/kevin/availability', override ?? { available: null });
    return work(expectStatus(asked, 202), expectStatus(takenBack, 200));
  }

  async function startedCall() {
    const lead = await newLead({ phone: freshPhone('02') });
    const answer = expectStatus(await admin.post('/api/agent/start-call', { leadId: lead.id }), 201);
    toBeEnded(answer.body.data.callId);
    return answer;
  }

  async function recorded() {
    const call = await newCall();
    await execute("update vals.calls set is_recorded = false where id = :'id'", { id: call.callId });
    await answerCall(call);
    return admin.post(`/api/calls/${call.callId}/recording`, { action: 'start' });
  }

  const csv = { 'content-type': 'text/csv' };
  const file = () => `firstName,lastName,phone\nAda,${runName},${freshPhone()}\n`;

  /* What to do on each route, and the action that is noted. */
  const CHANGES = {
    'POST /api/leads': ['lead.create', async () => admin.post('/api/leads', { firstName: 'Ada', lastName: runName, phone: freshPhone() })],
    'POST /api/leads/import': ['lead.import', async () => admin.post('/api/leads/import?dryRun=false', file(), csv)],
    'PUT /api/leads/{id}': ['lead.update', async () => admin.put(`/api/leads/${(await newLead()).id}`, { city: 'Reno' })],
    'DELETE /api/leads/{id}': ['lead.delete', async () => admin.delete(`/api/leads/${(await newLead()).id}`)],
    'POST /api/leads/{id}/calls': ['call.create', async () => admin.post(`/api/leads/${(await newLead()).id}/calls`, {})],
    'POST /api/calls': ['call.create', async () => admin.post('/api/calls', { leadId: (await newLead()).id })],
    'PUT /api/calls/{id}': ['call.update', async () => admin.put(`/api/calls/${(await record()).id}`, { notes: 'x' })],
    'POST /api/calls/{id}/recording': ['call.recording', recorded],
    'POST /api/calls/{id}/transfer': ['call.transfer', () => ringing((asked) => asked)],
    'DELETE /api/calls/{id}/transfer': ['call.transfer.cancel', () => ringing((asked, takenBack) => takenBack)],
    'POST /api/agent/start-call': ['call.start', startedCall],
    'POST /api/agent/end-call': ['call.end', async () => admin.post('/api/agent/end-call', { callId: (await newCall()).callId })],
    'POST /api/agent/engagement-score': [
      'call.engagement',
      async () => admin.post('/api/agent/engagement-score', { callId: (await newCall()).callId, engagementScore: 0 }),
    ],
    'POST /api/agent/phase-transition': [
      'call.phase',
      async () => admin.post('/api/agent/phase-transition', { callId: (await newCall()).callId, phase: 2, outcome: 'advanced' }),
    ],
    'PUT /api/kevin/availability': ['kevin.availability', availability],
    'PUT /api/kevin/schedule': ['kevin.schedule', schedule],
    'POST /api/kevin/transfer-outcome': [
      'transfer.outcome',
      async () => admin.post('/api/kevin/transfer-outcome', { transferId: await joinedTransfer(), conversionResult: 'declined' }),
    ],
    'POST /api/users': ['user.create', () => newUser('made')],
    'PUT /api/users/{id}': ['user.update', async () => admin.put(`/api/users/${await idOf(newUser('changed'))}`, { name: 'Other' })],
    'DELETE /api/users/{id}': ['user.update', async () => admin.delete(`/api/users/${await idOf(newUser('gone'))}`)],
    'POST /api/keys': ['key.create', newKey],
    'PUT /api/keys/{id}': ['key.update', async () => admin.put(`/api/keys/${await idOf(newKey())}`, { name: 'other' })],
    'DELETE /api/keys/{id}': ['key.revoke', async () => admin.delete(`/api/keys/${await idOf(newKey())}`)],
  };

  test('is tried here', () => {
    const changing = operations.filter(({ method }) => method !== 'GET').map(({ route }) => route);
    assert.deepEqual([...Object.keys(CHANGES), ...NOT_AUDITED].sort(), changing.sort());
  });

  for (const [route, [action, change]] of Object.entries(CHANGES))
    test(`${route} leaves one row, ${action}`, async () => {
      const answer = await change();
      assert.ok(answer.status < 300, `${answer.what} -> ${answer.text}`);
      const rows = await query("select action, actor_role from vals.audit_log where request_id = :'request'", {
        request: answer.headers.get('x-request-id'),
      });
      const own = rows.filter((row) => row.action === action || !row.action.startsWith('lead.'));
      assert.deepEqual(own, [{ action, actor_role: 'admin' }]);
    });
});
