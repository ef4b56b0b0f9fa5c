/* Every change leaves a row: who, what, before, after, from where. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admin, agent, as, expectInvalid, expectStatus, newLead } from './support.mjs';

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
