/* What becomes of a dial, from start-call to the end of the call. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  admin, callOver, callWith, dialsTo, endCall, eventually, getCall, hangupsOf, legTo, legsTo, newCall, newLead,
  requests, sim, startCall,
} from './support.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('a dial', { concurrency: true }, () => {
  test('two concurrent starts for one lead are one 201, one 409 and one dial', async () => {
    const lead = await newLead();
    const answers = await Promise.all([startCall(lead), startCall(lead)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);

    const { data } = answers.find(({ status }) => status === 201).body;
    await legTo(lead.phone);
    assert.equal((await dialsTo(lead.phone)).length, 1);
    assert.equal((await legsTo(lead.phone)).length, 1);
    await endCall(data.callId);
  });

  test('the answer to start-call carries the leg id of the provider', async () => {
    const { lead, callId, telnyxCallId } = await newCall();
    const leg = await legTo(lead.phone);
    assert.equal(telnyxCallId, leg.callLegId);
    await endCall(callId);
  });

  test('the provider learns whom to call, whom to report to, and which call it is', async () => {
    const { lead, callId } = await newCall();
    await legTo(lead.phone);
    const [dial] = await dialsTo(lead.phone);
    const state = JSON.parse(Buffer.from(dial.body.client_state, 'base64'));

    assert.match(dial.body.command_id, UUID);
    assert.deepEqual(state, { v: 1, call: callId, leg: 'lead' });
    assert.match(dial.body.webhook_url, /\/api\/webhooks\/telnyx$/);
    assert.equal(dial.body.webhook_url_method, 'POST');
    assert.equal(dial.body.retry_on_timeout, false);
    assert.equal(dial.body.answering_machine_detection, 'premium');
    assert.deepEqual(dial.body.custom_headers, [{ name: 'X-Call-ID', value: callId }]);
    await endCall(callId);
  });

  test('a human who answers makes the call active and the lead contacted', async () => {
    const { lead, callId } = await newCall();
    const call = await callWith(callId, ({ answeredBy }) => answeredBy === 'human', 'a human was heard');
    assert.equal(call.status, 'in-progress');
    assert.ok(call.answeredAt);

    const { body } = await admin('GET', `/api/leads/${lead.id}`);
    assert.equal(body.data.status, 'contacted');
    await endCall(callId, { finalStatus: 'follow_up' });
  });

  test('a number ending in 01 is busy', async () => {
    const { callId } = await newCall('01');
    const call = await callOver(callId);
    assert.equal(call.status, 'busy');
    assert.equal(call.finalStatus, 'busy');
    assert.equal(call.endReason, 'busy');
    assert.equal(call.answeredAt, null);
  });

  test('a number ending in 02 rings until nobody answered', async () => {
    const { callId } = await newCall('02');
    await callWith(callId, ({ status }) => status === 'ringing', 'it rings');
    const call = await callOver(callId, 90_000);
    assert.equal(call.status, 'no-answer');
    assert.equal(call.finalStatus, 'no_answer');
  });

  test('a number ending in 03 is a machine: voicemail, and we hang up', async () => {
    const { lead, callId } = await newCall('03');
    const call = await callOver(callId);
    assert.equal(call.finalStatus, 'voicemail');
    assert.equal(call.answeredBy, 'machine');

    const leg = await legTo(lead.phone, ({ state }) => state === 'ended');
    assert.equal(leg.hangup.hangup_source, 'caller');
    assert.equal((await hangupsOf(leg)).length, 1);
  });

  test('a number ending in 04 declines', async () => {
    const { callId } = await newCall('04');
    const call = await callOver(callId);
    assert.equal(call.status, 'failed');
    assert.equal(call.endReason, 'rejected');
  });

  test('a number ending in 05 does not exist', async () => {
    const { callId } = await newCall('05');
    const call = await callOver(callId);
    assert.equal(call.status, 'failed');
    assert.equal(call.finalStatus, 'wrong_number');
  });

  test('a lead can be called again once the call is over', async () => {
    const { lead, callId } = await newCall('01');
    await callOver(callId);
    const again = await startCall(lead);
    assert.equal(again.status, 201);
    await eventually(async () => (await dialsTo(lead.phone)).length === 2, 'it was dialled twice');
    await endCall(again.body.data.callId);
  });
});

describe('end-call', { concurrency: true }, () => {
  test('hangs up at the provider exactly once, however often it is said', async () => {
    const { lead, callId } = await newCall();
    await callWith(callId, ({ answeredAt }) => answeredAt, 'it was answered');

    const answers = await Promise.all([1, 2, 3].map(() => endCall(callId, { finalStatus: 'follow_up' })));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
    const leg = await legTo(lead.phone, ({ state }) => state === 'ended');
    const again = await endCall(callId);
    assert.equal(again.status, 200);
    assert.equal(again.body.data.finalStatus, 'follow_up');

    const hangups = await hangupsOf(leg);
    assert.equal(hangups.length, 1);
    assert.match(hangups[0].body.command_id, UUID);
    assert.equal(leg.hangup.hangup_source, 'caller');
  });

  test('stops a telephone that is still ringing', async () => {
    const { lead, callId } = await newCall('02');
    await callWith(callId, ({ status }) => status === 'ringing', 'it rings');
    const { body } = await endCall(callId);
    assert.equal(body.data.status, 'canceled');
    const leg = await legTo(lead.phone, ({ state }) => state === 'ended');
    assert.equal(leg.hangup.hangup_cause, 'originator_cancel');
    assert.equal((await getCall(callId)).status, 'canceled');
  });

  test('is not needed when the lead hung up', async () => {
    const { lead, callId } = await newCall();
    await callWith(callId, ({ answeredAt }) => answeredAt, 'it was answered');
    const leg = await legTo(lead.phone);
    await sim('POST', `legs/${encodeURIComponent(leg.callControlId)}`, { action: 'hangup' });

    const call = await callOver(callId);
    assert.equal(call.status, 'completed');
    assert.equal(call.endReason, 'lead_hangup');
    assert.equal((await hangupsOf(leg)).length, 0);
  });
});

test('no command ever went out without a command_id', async () => {
  const posts = (await requests()).filter(({ method }) => method === 'POST');
  assert.ok(posts.length > 0);
  for (const { path, body } of posts) assert.match(body?.command_id ?? '', UUID, `${path} has no command_id`);
});
