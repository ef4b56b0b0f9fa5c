/* The list of calls: filters, search, pages. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { admin, as, execute, expectInvalid, expectStatus, foreignId, freshPhone, newLead, nobody, query, runName } from './support.mjs';

const list = (parameters) => admin.get(`/api/calls?${new URLSearchParams(parameters)}`);
const found = async (parameters) => expectStatus(await list(parameters), 200).body;

describe('the list of calls', () => {
  const made = {};
  const leads = {};
  const name = `Quincy${runName}`;
  before(async () => {
    leads.one = await newLead({ firstName: name, lastName: "O'Hara %" });
    leads.two = await newLead({ firstName: 'Other', lastName: `x${name}` });
    for (const [key, leadId, body] of [
      ['first', leads.one.id, { startTime: '2026-01-10T08:00:00Z', finalStatus: 'no_answer' }],
      ['second', leads.one.id, { startTime: '2026-01-11T08:00:00Z', finalStatus: 'closed', phoneNumber: (leads.number = freshPhone()) }],
      ['third', leads.two.id, { startTime: '2026-01-12T08:00:00Z', finalStatus: 'follow_up' }],
    ]) {
      const { id } = expectStatus(await admin.post('/api/calls', { leadId, ...body }), 201).body.data;
      made[id] = key;
      leads[key] = id;
    }
    await execute("update vals.calls set score = 91.25, transfer_attempted = true, transfer_success = true, answered_by = 'human', agent_version = '7.1' where id = :'id'", { id: leads.second });
    await execute("update vals.calls set score = 40, answered_by = 'machine', agent_version = '7.10' where id = :'id'", { id: leads.first });
  });
  const keys = async (parameters) => (await found({ search: name, ...parameters })).data.map(({ id }) => made[id]);

  test('has the newest first, with its exact total', async () => {
    const body = await found({ search: name });
    assert.deepEqual(body.data.map(({ id }) => made[id]), ['third', 'second', 'first']);
    assert.deepEqual(body.pagination, { total: 3, page: 1, pages: 1, limit: 50, hasNext: false, hasPrev: false });
    assert.equal(body.data[0].leadName, `Other x${name}`);
    assert.ok(!('transcript' in body.data[0]));
    const all = await found({ limit: 1 });
    const [{ calls }] = await query('select count(*)::int as calls from vals.calls');
    assert.ok(all.pagination.total <= calls && all.pagination.total >= 3);
  });

  test('follows page by page without a gap', async () => {
    assert.deepEqual(await keys({ limit: 2 }), ['third', 'second']);
    assert.deepEqual(await keys({ limit: 2, page: 2 }), ['first']);
    expectInvalid(await list({ page: 99999999, limit: 200 }), 'page');
  });

  for (const [parameters, expected] of [
    [{ finalStatus: 'no_answer' }, ['first']], [{ status: 'completed' }, ['third', 'second']], [{ status: 'ringing' }, []],
    [{ from: '2026-01-11T08:00:00Z' }, ['third', 'second']], [{ to: '2026-01-11T08:00:00Z' }, ['second', 'first']],
    [{ from: '2026-01-11', to: '2026-01-12' }, ['second']],
  ])
    test(`filters by ${JSON.stringify(parameters)}`, async () => {
      assert.deepEqual(await keys(parameters), expected);
    });

  test('filters by lead, score and transfer', async () => {
    assert.deepEqual(await keys({ leadId: leads.one.id }), ['second', 'first']);
    assert.deepEqual((await found({ leadId: foreignId() })).data, []);
    assert.deepEqual(await keys({ minScore: 91.25 }), ['second']);
    assert.deepEqual(await keys({ minScore: 91.3 }), []);
    assert.deepEqual(await keys({ transferred: true }), ['second']);
    assert.deepEqual(await keys({ transferred: false }), ['third', 'first']);
  });

  test('filters by who answered and by the version of the agent, literally', async () => {
    assert.deepEqual(await keys({ answeredBy: 'human' }), ['second']);
    assert.deepEqual(await keys({ answeredBy: 'machine' }), ['first']);
    assert.deepEqual(await keys({ answeredBy: 'unknown' }), []);
    assert.deepEqual(await keys({ agentVersion: '7.1' }), ['second']);
    assert.deepEqual(await keys({ agentVersion: '7.%' }), []);
  });

  test('comes in the order that is asked for, page by page, those without a score last', async () => {
    assert.deepEqual(await keys({ sort: 'newest' }), ['third', 'second', 'first']);
    assert.deepEqual(await keys({ sort: 'oldest' }), ['first', 'second', 'third']);
    assert.deepEqual(await keys({ sort: 'score' }), ['second', 'first', 'third']);
    assert.deepEqual(await keys({ sort: 'score', limit: 2, page: 2 }), ['third']);
    const [newest, oldest] = [await found({ sort: 'newest', limit: 1 }), await found({ sort: 'oldest', limit: 1 })];
    assert.ok(newest.data[0].startTime >= oldest.data[0].startTime);
  });

  test('finds the name of the lead, literally, and the number that was called', async () => {
    const search = async (text) => (await found({ search: text })).data.map(({ id }) => made[id]).filter(Boolean);
    assert.deepEqual(await search(`${name} o'hara %`.toUpperCase()), ['second', 'first']);
    assert.deepEqual(await search(`${name} o'hara _`), []);
    assert.deepEqual(await search(leads.number), ['second']);
    const [, area, rest] = leads.number.match(/^\+1(\d{3})555(\d{4})$/);
    assert.deepEqual(await search(`(${area}) 555-${rest}`), ['second']);
    assert.deepEqual(await search(leads.number.slice(2)), ['second']);
  });

  test('refuses filters that mean nothing', async () => {
    expectInvalid(await list({ status: 'x', finalStatus: 'x', leadId: 'x', from: 'x', minScore: '101', transferred: 'maybe', answeredBy: 'dog', agentVersion: ' ', sort: 'by name', search: ' ' }),
      'agentVersion', 'answeredBy', 'finalStatus', 'from', 'leadId', 'minScore', 'search', 'sort', 'status', 'transferred');
  });

  test('is for everybody who is signed in', async () => {
    for (const role of ['admin', 'kevin', 'operator', 'analyst', 'agent']) expectStatus(await (await as(role)).get('/api/calls'), 200);
    expectStatus(await nobody.get('/api/calls'), 401);
  });
});
