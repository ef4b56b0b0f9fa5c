/* The transfers to Kevin, and what he says came of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TIME, admin, as, eventsOf, execute, expectInvalid, expectProblem, expectStatus, foreignId, getLead, newLead, query, runName } from './support.mjs';

const RESULT = '/api/kevin/transfer-outcome';

/* A finished call and a transfer of it, put there behind the API's back: {lead, callId, transferId}. */
async function newTransfer({ state = 'ended', status = 'hot_transfer', reason = '' } = {}) {
  const lead = await newLead();
  await execute("update vals.leads set status = :'status' where id = :'id'", { id: lead.id, status });
  const [{ id: callId }] = await query(
    `insert into vals.calls (lead_id, phone_number, kevin_available, start_time, answered_at, end_time, status, score_peak)
     select id, phone, true, now() - interval '10 minutes', now() - interval '9 minutes', now() - interval '1 minute', 'completed', 93.5
     from vals.leads where id = :'id' returning id`,
    { id: lead.id },
  );
  const [{ id: transferId }] = await query(
    `insert into vals.transfers (call_id, lead_id, state, failure_reason, initiated_at, joined_at, ended_at, engagement_score, phase)
     values (:'callId', :'leadId', :'state', nullif(:'reason', ''), now() - interval '5 minutes',
       case when :'state' = 'ended' then now() - interval '4 minutes' end, now() - interval '2 minutes', 90, 11)
     returning id`,
    { callId, leadId: lead.id, state, reason },
  );
  return { lead, callId, transferId };
}

const list = async (filter) => expectStatus(await admin.get(`/api/kevin/transfers?${new URLSearchParams(filter)}`), 200).body;
const record = (body, by = admin) => by.post(RESULT, body);

describe('the list', () => {
  test('shows a transfer with its lead and its scores', async () => {
    const { lead, callId, transferId } = await newTransfer();
    const { data, pagination } = await list({ leadId: lead.id });
    assert.equal(pagination.total, 1);
    const [transfer] = data;
    assert.deepEqual(
      [transfer.id, transfer.callId, transfer.leadId, transfer.leadName, transfer.state, transfer.attempt, transfer.durationSec],
      [transferId, callId, lead.id, `Ada ${runName}`, 'ended', 1, 120],
    );
    assert.deepEqual([transfer.engagementScoreAtTransfer, transfer.engagementPeak, transfer.qualificationScore, transfer.phaseAtTransfer, transfer.keyIndicators], [90, 93.5, 0, 11, []]);
    assert.deepEqual([transfer.conversionResult, transfer.kevinRating, transfer.notes, transfer.failureReason], [null, null, null, null]);
    for (const name of ['initiatedAt', 'joinedAt', 'endedAt']) assert.match(transfer[name], TIME, name);
  });

  test('is filtered and paged', async () => {
    const { lead, transferId } = await newTransfer({ state: 'no_answer', reason: 'ring_timeout' });
    const leadId = lead.id;
    const [{ initiatedAt }] = (await list({ leadId })).data;
    const ids = async (filter) => (await list({ leadId, ...filter })).data.map(({ id }) => id);
    for (const filter of [{ state: 'no_answer' }, { from: initiatedAt.replace(/\.\d+/, '') }, { to: new Date(Date.now() + 1000).toISOString() }])
      assert.deepEqual(await ids(filter), [transferId], JSON.stringify(filter));
    for (const filter of [{ state: 'ended' }, { conversionResult: 'closed' }, { from: new Date().toISOString() }, { to: '2020-01-01' }, { page: 2 }])
      assert.deepEqual(await ids(filter), [], JSON.stringify(filter));
    assert.deepEqual((await list({ leadId: foreignId() })).pagination, { total: 0, page: 1, pages: 1, limit: 50, hasNext: false, hasPrev: false });
  });

  test('comes newest first', async () => {
    const newer = [await newTransfer(), await newTransfer()].map(({ transferId }) => transferId).reverse();
    const { data } = await list({ limit: 200 });
    assert.deepEqual(data.map(({ id }) => id).filter((id) => newer.includes(id)), newer);
  });

  test('refuses filters that mean nothing', async () => {
    for (const [filter, field] of [['state=dreaming', 'state'], ['conversionResult=won', 'conversionResult'], ['leadId=7', 'leadId'], ['from=yesterday', 'from'], ['limit=many', 'limit']])
      expectInvalid(await admin.get(`/api/kevin/transfers?${filter}`), field);
  });
});

describe('the outcome', () => {
  for (const [conversionResult, stage] of [['scheduled', 'zoom_scheduled'], ['closed', 'closed'], ['followup', 'qualified'], ['declined', 'hot_transfer']])
    test(`${conversionResult} leads to ${stage}`, async () => {
      const { lead, transferId } = await newTransfer();
      const answer = expectStatus(await record({ transferId, conversionResult }), 200).body;
      assert.equal(answer.message, 'Outcome recorded');
      assert.deepEqual([answer.data.conversionResult, answer.data.leadStatus], [conversionResult, stage]);
      const after = await getLead(lead.id);
      assert.equal(after.status, stage);
      const steps = after.stageHistory.filter(({ cause }) => cause === 'transfer-outcome').map(({ from, to }) => [from, to]);
      assert.deepEqual(steps, conversionResult === 'declined' ? [] : [['hot_transfer', stage]]);
      assert.deepEqual((await eventsOf(lead.id)).slice(1), conversionResult === 'declined' ? [] : ['lead.updated']);
    });

  test('keeps rating, notes and the next date, and can be corrected', async () => {
    const { lead, callId, transferId } = await newTransfer({ status: 'contacted' });
    const kevin = await as('kevin');
    const first = expectStatus(await record({ callId, conversionResult: 'closed', kevinRating: 9, notes: 'signed\nat once', nextFollowup: '2031-02-03T10:00:00+01:00' }, kevin), 200).body.data;
    assert.equal(first.id, transferId);
    assert.deepEqual([first.kevinRating, first.notes, first.nextFollowup, first.outcomeBy], [9, 'signed\nat once', '2031-02-03T09:00:00.000Z', (await kevin.get('/api/auth/me')).body.data.id]);
    assert.equal((await getLead(lead.id)).nextFollowup, '2031-02-03T09:00:00.000Z');

    const second = expectStatus(await record({ transferId, conversionResult: 'scheduled', kevinRating: null }), 200).body.data;
    assert.deepEqual([second.conversionResult, second.kevinRating, second.notes, second.leadStatus], ['scheduled', null, 'signed\nat once', 'zoom_scheduled']);
    const { stageHistory } = await getLead(lead.id);
    assert.deepEqual(stageHistory.slice(1).map(({ to }) => to), ['hot_transfer', 'closed', 'qualified', 'zoom_scheduled']);
    assert.equal((await list({ leadId: lead.id, conversionResult: 'scheduled' })).pagination.total, 1);
  });

  test('is refused where Kevin never joined', async () => {
    const { lead, transferId } = await newTransfer({ state: 'declined' });
    expectProblem(await record({ transferId, conversionResult: 'closed' }), 409, 'TRANSFER_NOT_JOINED');
    assert.equal((await getLead(lead.id)).status, 'hot_transfer');
  });

  test('of nothing is 404', async () => {
    for (const body of [{ transferId: foreignId() }, { callId: foreignId() }]) {
      const { body: answer } = expectProblem(await record({ ...body, conversionResult: 'closed' }), 404, 'NOT_FOUND');
      assert.equal(answer.error, 'Transfer not found');
    }
  });

  test('names what is wrong', async () => {
    const transferId = foreignId();
    expectInvalid(await record({}), 'conversionResult');
    expectInvalid(await record({ conversionResult: 'closed' }), 'transferId');
    expectInvalid(await record({ transferId: 'x', conversionResult: 'won', kevinRating: 11, notes: 7, nextFollowup: 'soon' }), 'transferId', 'conversionResult', 'kevinRating', 'notes', 'nextFollowup');
    expectInvalid(await record({ transferId, conversionResult: 'closed', kevinRating: 0 }), 'kevinRating');
    expectInvalid(await record({ transferId, conversionResult: 'closed', kevinRating: 7.5 }), 'kevinRating');
    expectInvalid(await record({ transferId, conversionResult: 'closed', notes: 'x'.repeat(10001), state: 'ended' }), 'notes', 'state');
  });

  test('counts once for an Idempotency-Key', async () => {
    const { transferId } = await newTransfer();
    const body = { transferId, conversionResult: 'closed' };
    const headers = { 'idempotency-key': `${runName}-outcome` };
    const first = expectStatus(await admin.post(RESULT, body, headers), 200);
    const second = expectStatus(await admin.post(RESULT, body, headers), 200);
    assert.equal(second.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(second.body, first.body);
  });
});
