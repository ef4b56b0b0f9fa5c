/* Calls, live and past, as the dashboard reads them. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  MALFORMED_IDS,
  TIME,
  admin,
  agent,
  as,
  endAllCalls,
  endCall,
  execute,
  expectProblem,
  expectStatus,
  foreignId,
  getCall,
  newAnsweredCall,
  newCall,
  runName,
} from './support.mjs';

after(endAllCalls);

const active = async () => expectStatus(await admin.get('/api/calls/active'), 200).body.data;
const activeCall = async (callId) => (await active()).find(({ id }) => id === callId);

describe('active calls', () => {
  test('hold a call from its start to its end', async () => {
    const { lead, callId } = await newCall();
    const call = await activeCall(callId);
    assert.deepEqual([call.callId, call.leadId, call.leadName], [callId, lead.id, `Ada ${runName}`]);
    assert.deepEqual(
      [call.phone, call.phase, call.score, call.durationSec, call.transfer],
      [lead.phone, 1, 0, 0, null],
    );
    assert.equal(call.phaseName, 'Greeting & Introduction');
    assert.ok(['initiated', 'ringing'].includes(call.status));

    await endCall(callId);
    assert.equal(await activeCall(callId), undefined);
  });

  test('tell the newest score and phase', async () => {
    const { callId } = await newAnsweredCall();
    await agent.post('/api/agent/engagement-score', { callId, engagementScore: 61.25 });
    await agent.post('/api/agent/phase-transition', { callId, phase: 4 });
    const { score, engagementScore, phase, phaseName, status, answeredAt } = await activeCall(callId);
    assert.deepEqual(
      [score, engagementScore, phase, phaseName, status],
      [61.25, 61.25, 4, 'Current Situation', 'in-progress'],
    );
    assert.match(answeredAt, TIME);
    await endCall(callId);
  });

  test('are the newest first', async () => {
    const older = await newCall();
    const newer = await newCall();
    const order = (await active()).map(({ id }) => id).filter((id) => [older.callId, newer.callId].includes(id));
    assert.deepEqual(order, [newer.callId, older.callId]);
    await Promise.all([endCall(older.callId), endCall(newer.callId)]);
  });

  test('hold calls in every state that is not the end', async () => {
    const { callId } = await newAnsweredCall();
    for (const status of [
      'initiated',
      'ringing',
      'active',
      'in-progress',
      'transferring',
      'transferred',
      'transfer_failed',
    ]) {
      await execute("update vals.calls set status = :'status' where id = :'id'", { id: callId, status });
      assert.equal((await activeCall(callId))?.status, status);
    }
    await endCall(callId, {}, admin);
  });

  test('are the same for everybody who may see calls', async () => {
    const { callId } = await newCall();
    const answers = await Promise.all(
      ['admin', 'kevin', 'operator', 'analyst', 'agent'].map(async (role) => (await as(role)).get('/api/calls/active')),
    );
    for (const answer of answers) assert.ok(expectStatus(answer, 200).body.data.some(({ id }) => id === callId));
    await endCall(callId);
  });
});

describe('one call', () => {
  test('tells everything that is known', async () => {
    const { lead, callId, data } = await newAnsweredCall();
    const call = await getCall(callId);
    const { status, score, peak } = { ...call.engagement, status: call.status };
    assert.deepEqual(
      [call.id, call.leadId, call.direction, call.phoneNumber, status],
      [callId, lead.id, 'outbound', lead.phone, 'active'],
    );
    assert.deepEqual([score, peak, call.engagement.indicators], [0, 0, []]);
    assert.deepEqual([call.finalStatus, call.endReason, call.endTime, call.notes], [null, null, null, null]);
    assert.deepEqual(
      [call.transferAttempted, call.transferTime, call.transferSuccess, call.transfer],
      [false, null, null, null],
    );
    assert.deepEqual([call.transcript, call.objections, call.strategies], [[], [], []]);
    assert.equal(call.telnyxCallId, data.telnyxCallId);
    assert.equal(call.kevinAvailable, data.kevinAvailable);
    assert.ok(call.telnyxCallControlId.length > 0);
    for (const name of ['startTime', 'answeredAt', 'createdAt', 'updatedAt']) assert.match(call[name], TIME, name);
    assert.ok(call.answeredAt >= call.startTime);
    await endCall(callId);
  });

  test('says how its recording stands', async () => {
    const { callId } = await newCall();
    const { recording } = await getCall(callId);
    assert.deepEqual(recording, { status: 'none', url: null, durationSec: null, channels: null });
    await endCall(callId);
  });

  test('can be read by the analyst and stays after the end', async () => {
    const { callId } = await newCall();
    await endCall(callId, { finalStatus: 'no_answer', notes: 'nobody' });
    const { data } = expectStatus(await (await as('analyst')).get(`/api/calls/${callId}`), 200).body;
    assert.deepEqual([data.status, data.finalStatus, data.notes], ['canceled', 'no_answer', 'nobody']);
  });

  test('an id nobody has is 404', async () => {
    const answer = expectProblem(await admin.get(`/api/calls/${foreignId()}`), 404, 'NOT_FOUND');
    assert.equal(answer.body.error, 'Call not found');
  });

  test("a lead's id is not a call's", async () => {
    const { lead, callId } = await newCall();
    expectStatus(await admin.get(`/api/calls/${lead.id}`), 404);
    await endCall(callId);
  });

  for (const id of MALFORMED_IDS)
    test(`the malformed id ${id} is 404`, async () => {
      expectProblem(await admin.get(`/api/calls/${id}`), 404, 'NOT_FOUND');
    });
});
