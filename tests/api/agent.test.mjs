/* start-call and end-call: the voice agent begins and ends a conversation. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  UUID,
  admin,
  agent,
  answerCall,
  as,
  dialsTo,
  endAllCalls,
  endCall,
  eventsOf,
  eventually,
  execute,
  expectInvalid,
  expectProblem,
  expectStatus,
  foreignId,
  freshPhone,
  getCall,
  getLead,
  newAnsweredCall,
  newCall,
  newLead,
  query,
  runName,
  sim,
  toBeEnded,
} from './support.mjs';

after(endAllCalls);

async function start(body, by = agent) {
  const answer = await by.post('/api/agent/start-call', body);
  if (answer.status === 201) toBeEnded(answer.body.data.callId);
  return answer;
}

describe('start-call', () => {
  test('answers 201 with the call and the id of the provider', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    const { data, message } = expectStatus(await start({ leadId: lead.id, agentVersion: 'v7' }), 201).body;
    assert.equal(message, 'Call initiated successfully');
    assert.deepEqual(Object.keys(data).sort(), ['callId', 'kevinAvailable', 'status', 'telnyxCallId']);
    assert.match(data.callId, UUID);
    assert.equal(data.status, 'initiated');
    assert.equal(typeof data.kevinAvailable, 'boolean');

    const call = await getCall(data.callId);
    assert.deepEqual(
      [call.leadId, call.phoneNumber, call.agentVersion, call.direction],
      [lead.id, lead.phone, 'v7', 'outbound'],
    );
    assert.equal(call.telnyxCallId, data.telnyxCallId);
    const dials = await dialsTo(lead.phone);
    assert.equal(dials.length, 1);
  });

  test('dials another number of the lead when one is given', async () => {
    const lead = await newLead();
    const phone = freshPhone('02');
    const { callId } = expectStatus(await start({ leadId: lead.id, phoneNumber: phone }), 201).body.data;
    assert.equal((await getCall(callId)).phoneNumber, phone);
    assert.deepEqual([(await dialsTo(phone)).length, (await dialsTo(lead.phone)).length], [1, 0]);
    assert.equal((await getLead(lead.id)).phone, lead.phone);
  });

  test('takes a form as well', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    expectStatus(await start(new URLSearchParams({ leadId: lead.id })), 201);
  });

  test('works for the people who may run calls', async () => {
    for (const role of ['admin', 'kevin', 'operator']) {
      const lead = await newLead({ phone: freshPhone('02') });
      expectStatus(await start({ leadId: lead.id }, await as(role)), 201);
    }
  });

  test('an unknown lead is 404', async () => {
    const answer = expectProblem(await start({ leadId: foreignId() }), 404, 'NOT_FOUND');
    assert.equal(answer.body.error, 'Lead not found');
  });

  test('names the fields it refuses', async () => {
    const { id } = await newLead();
    expectInvalid(await start({}), 'leadId');
    expectInvalid(await start({ leadId: 'abc' }), 'leadId');
    expectInvalid(await start({ leadId: 7 }), 'leadId');
    expectInvalid(
      await start({ leadId: id, phoneNumber: '12125550100', agentVersion: 'x'.repeat(65) }),
      'agentVersion',
      'phoneNumber',
    );
    expectInvalid(await start({ leadId: id, callId: id, userId: id }), 'callId', 'userId');
    assert.equal((await getLead(id)).lastCall, null);
  });

  test('a lead who is on a call is 409', async () => {
    const { lead } = await newCall();
    const answer = expectProblem(await start({ leadId: lead.id }), 409, 'LEAD_ON_CALL');
    assert.equal(answer.body.error, 'Lead is already on a call');
    assert.equal((await dialsTo(lead.phone)).length, 1);
  });

  test('of eight at once for one lead one wins, and his telephone rings once', async () => {
    const lead = await newLead({ phone: freshPhone('02') });
    const answers = await Promise.all(Array.from({ length: 8 }, () => start({ leadId: lead.id })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(7).fill(409)]);
    assert.equal((await dialsTo(lead.phone)).length, 1);
  });

  test('a lead on the do-not-call list is not dialled', async () => {
    const lead = await newLead({ doNotCall: true });
    expectProblem(await start({ leadId: lead.id }), 403, 'DO_NOT_CALL');
    expectProblem(await start({ leadId: lead.id, phoneNumber: freshPhone() }), 403, 'DO_NOT_CALL');
    assert.deepEqual([(await getLead(lead.id)).lastCall, await dialsTo(lead.phone)], [null, []]);
  });

  test('a dial the provider refuses is 502, and the call is kept as failed', async () => {
    const lead = await newLead();
    await sim('POST', 'faults', {
      match: { method: 'POST', path: '/calls$', body: lead.phone.slice(1) },
      times: 1,
      status: 422,
      body: { errors: [{ code: '10015', title: 'Bad Request', detail: 'refused by a test' }] },
    });
    const answer = expectProblem(await start({ leadId: lead.id }), 502, 'PROVIDER_REFUSED');
    assert.doesNotMatch(answer.text, /refused by a test|10015/);

    const { lastCall } = await getLead(lead.id);
    const call = await getCall(lastCall.id);
    assert.deepEqual([call.status, call.finalStatus, call.endReason], ['failed', 'failed', 'api_error']);
    assert.notEqual(call.endTime, null);
  });

  test('tells the world', async () => {
    const { lead, callId, data } = await newCall();
    const [{ kind, payload }] = await query(
      "select kind, payload from vals.event_log where call_id = :'id' order by id",
      { id: callId },
    );
    assert.equal(kind, 'call.started');
    const { leadId, leadName, phoneNumber, kevinAvailable } = payload;
    assert.deepEqual(
      [payload.callId, leadId, leadName, phoneNumber, kevinAvailable],
      [callId, lead.id, `Ada ${runName}`, lead.phone, data.kevinAvailable],
    );
  });
});

/* Some at once; all of them could want more places for those who wait than there are. */
describe('end-call', { concurrency: 4 }, () => {
  test('after the answer completes the call with its outcome', async () => {
    const call = await newAnsweredCall();
    const notes = 'said: "call back"\nä€😀';
    const { data } = expectStatus(
      await endCall(call.callId, { finalStatus: 'follow_up', reason: 'lead_hangup', notes }),
      200,
    ).body;
    assert.deepEqual(Object.keys(data).sort(), ['callId', 'durationSec', 'finalStatus', 'status']);
    assert.deepEqual([data.callId, data.status, data.finalStatus], [call.callId, 'completed', 'follow_up']);
    assert.ok(Number.isInteger(data.durationSec) && data.durationSec >= 0);

    const ended = await getCall(call.callId);
    assert.deepEqual([ended.endReason, ended.notes, ended.durationSec], ['lead_hangup', notes, data.durationSec]);
    assert.ok(ended.endTime >= ended.answeredAt);
  });

  test('before the answer cancels the call', async () => {
    const { callId } = await newCall();
    const { data } = expectStatus(await endCall(callId), 200).body;
    assert.deepEqual([data.status, data.finalStatus, data.durationSec], ['canceled', null, 0]);
    assert.equal((await getCall(callId)).endReason, 'agent_hangup');
  });

  test('said twice, also with other words, answers the same and is told once', async () => {
    const { callId } = await newAnsweredCall();
    const first = expectStatus(await endCall(callId, { finalStatus: 'not_interested', notes: 'first' }), 200).body;
    const second = expectStatus(await endCall(callId, { finalStatus: 'closed', notes: 'second' }), 200).body;
    assert.deepEqual(second, first);
    assert.equal((await getCall(callId)).notes, 'first');
    assert.equal((await eventsOf(callId)).filter((kind) => kind === 'call.ended').length, 1);
  });

  test('said by several at once ends the call once', async () => {
    const { callId } = await newAnsweredCall();
    const answers = await Promise.all(Array.from({ length: 6 }, () => endCall(callId, { finalStatus: 'callback' })));
    for (const answer of answers) assert.deepEqual(expectStatus(answer, 200).body, answers[0].body);
    assert.equal((await eventsOf(callId)).filter((kind) => kind === 'call.ended').length, 1);
  });

  test('by a person has the reason operator_ended', async () => {
    const { callId } = await newAnsweredCall();
    expectStatus(await endCall(callId, { reason: 'agent_hangup' }, await as('operator')), 200);
    assert.equal((await getCall(callId)).endReason, 'operator_ended');
  });

  test('closes the open phase', async () => {
    const { callId } = await newAnsweredCall();
    await endCall(callId);
    const { phases, endTime } = await getCall(callId);
    assert.deepEqual(
      phases.progression.map(({ leftAt }) => leftAt),
      [endTime],
    );
  });

  test('moves the lead where the outcome is a stage he may go to', async () => {
    const call = await newAnsweredCall({ lead: { phone: freshPhone() } });
    await eventually(async () => (await getLead(call.lead.id)).status === 'contacted', 'a person was heard');
    await endCall(call.callId, { finalStatus: 'zoom_scheduled' });
    const { status, stageHistory } = await getLead(call.lead.id);
    assert.equal(status, 'zoom_scheduled');
    assert.deepEqual(stageHistory.map(({ from, to, cause }) => [from, to, cause]).slice(-1), [
      ['contacted', 'zoom_scheduled', 'call'],
    ]);
  });

  test('leaves the lead where the move would not be legal', async () => {
    const { lead, callId } = await newCall();
    expectStatus(await endCall(callId, { finalStatus: 'closed' }), 200);
    assert.equal((await getLead(lead.id)).status, 'new');
  });

  test('with do_not_call puts the lead on the list', async () => {
    const { lead, callId } = await newAnsweredCall();
    await endCall(callId, { finalStatus: 'do_not_call' });
    assert.equal((await getLead(lead.id)).doNotCall, true);
    expectProblem(await start({ leadId: lead.id }), 403, 'DO_NOT_CALL');
  });

  test('frees the lead for the next call', async () => {
    const { lead, callId } = await newCall();
    await endCall(callId);
    const { data } = expectStatus(await start({ leadId: lead.id }), 201).body;
    assert.notEqual(data.callId, callId);
  });

  test('an unknown call is 404', async () => {
    const answer = expectProblem(await endCall(foreignId()), 404, 'NOT_FOUND');
    assert.equal(answer.body.error, 'Call not found');
  });

  test('names the fields it refuses, and the call goes on', async () => {
    const { callId } = await newCall();
    expectInvalid(await agent.post('/api/agent/end-call', {}), 'callId');
    expectInvalid(
      await endCall(callId, { finalStatus: 'won', reason: 'bored', notes: 'x'.repeat(10_001), status: 'busy' }),
      'finalStatus',
      'notes',
      'reason',
      'status',
    );
    assert.equal((await getCall(callId)).endTime, null);
  });
});

describe('a call that the lead ends', () => {
  test('is over for the agent, too', async () => {
    const call = await newCall();
    await answerCall(call);
    await sim('POST', `legs/${encodeURIComponent(call.lead.phone)}`, { action: 'hangup' });
    const ended = await eventually(async () => {
      const found = await getCall(call.callId);
      return found.endTime && found;
    }, 'the call is over');
    assert.deepEqual([ended.status, ended.endReason], ['completed', 'lead_hangup']);
    const { data } = expectStatus(await endCall(call.callId, { finalStatus: 'closed' }), 200).body;
    assert.deepEqual([data.status, data.finalStatus], ['completed', null]);
  });
});

describe('a call that is with Kevin', () => {
  /* As a transfer leaves it. */
  async function transferredCall() {
    const call = await newAnsweredCall();
    await execute("update vals.calls set status = 'transferred' where id = :'id'", { id: call.callId });
    return call;
  }

  test('is not hung up by the agent, whose outcome and notes are kept', async () => {
    const { lead, callId } = await transferredCall();
    const { data } = expectStatus(
      await endCall(callId, { finalStatus: 'hot_transfer', notes: 'handed over' }),
      200,
    ).body;
    assert.deepEqual([data.status, data.finalStatus], ['transferred', 'hot_transfer']);
    const call = await getCall(callId);
    assert.deepEqual([call.endTime, call.notes, call.finalStatus], [null, 'handed over', 'hot_transfer']);
    assert.equal((await sim('GET', `legs/${encodeURIComponent(lead.phone)}`)).state, 'answered');

    expectStatus(await endCall(callId, {}, await as('operator')), 200);
    const ended = await getCall(callId);
    assert.deepEqual(
      [ended.status, ended.finalStatus, ended.endReason],
      ['completed', 'hot_transfer', 'operator_ended'],
    );
  });
});
