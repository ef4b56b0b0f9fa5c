/* Recording a call: asked for here, done by the provider. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  MALFORMED_IDS, admin, answerCall, as, endAllCalls, endCall, eventually, execute, expectInvalid, expectProblem, expectStatus, foreignId, getCall,
  newAnsweredCall, newCall, nobody, query, sim,
} from './support.mjs';

after(endAllCalls);

/* An answered call that is not recorded by itself, as with record_calls = off. */
async function newQuietCall() {
  const call = await newCall();
  await execute("update vals.calls set is_recorded = false where id = :'id'", { id: call.callId });
  await answerCall(call);
  return call;
}

const ask = (callId, body, by = admin) => by.post(`/api/calls/${callId}/recording`, body);
const recording = async (callId, body, by) => expectStatus(await ask(callId, body, by), 200).body.data;

/* What the provider was asked about the leg of a call, by the last part of the path. */
const asked = async (callId, action) => {
  const { telnyxCallControlId } = await getCall(callId);
  const { requests } = await sim('GET', 'requests');
  return requests.filter(({ path }) => decodeURIComponent(path).includes(`${telnyxCallControlId}/actions/${action}`));
};

const told = async (id) =>
  (await query("select payload from vals.event_log where call_id = :'id' and kind = 'call.recording' order by id", { id })).map(({ payload }) => payload.recording);

describe('recording', () => {
  test('starts and stops at the provider, once each', async () => {
    const { callId } = await newQuietCall();
    assert.deepEqual(await recording(callId, { action: 'start' }), { callId, recording: { status: 'recording', url: null, durationSec: null, channels: 'dual' } });
    assert.deepEqual(await recording(callId, { action: 'start', channels: 'single' }), { callId, recording: { status: 'recording', url: null, durationSec: null, channels: 'dual' } });
    await eventually(async () => (await asked(callId, 'record_start')).length > 0, 'the provider was asked to record');
    const [{ body }] = await asked(callId, 'record_start');
    assert.deepEqual([body.format, body.channels], ['mp3', 'dual']);
    assert.match(body.command_id, /^[0-9a-f-]{36}$/);

    const processing = { status: 'processing', url: null, durationSec: null, channels: 'dual' };
    assert.deepEqual(await recording(callId, { action: 'stop' }), { callId, recording: processing });
    await recording(callId, { action: 'stop' });
    await eventually(async () => (await asked(callId, 'record_stop')).length > 0, 'the provider was asked to stop');
    for (const action of ['record_start', 'record_stop']) assert.equal((await asked(callId, action)).length, 1, action);
    /* Whether it is saved by now nobody knows here. */
    assert.deepEqual((await told(callId)).slice(0, 2), [{ status: 'recording', url: null, durationSec: null, channels: 'dual' }, processing]);
  });

  test('can be started again after a stop', async () => {
    const { callId } = await newQuietCall();
    for (const action of ['start', 'stop', 'start']) {
      await recording(callId, { action, ...(action === 'start' && { channels: 'single' }) });
      await eventually(async () => (await query("select state from vals.commands where call_id = :'id'", { id: callId })).every(({ state }) => state === 'done'), action);
    }
    assert.deepEqual((await asked(callId, 'record_start')).map(({ body }) => body.channels), ['single', 'single']);
  });

  test('begins with the answer', async () => {
    const { callId } = await newAnsweredCall();
    await eventually(async () => (await asked(callId, 'record_start')).length > 0, 'the provider was asked to record');
    assert.deepEqual((await getCall(callId)).recording, { status: 'recording', url: null, durationSec: null, channels: 'dual' });
    await recording(callId, { action: 'start' });
    assert.equal((await asked(callId, 'record_start')).length, 1);
  });

  test('stopping what was never started is nothing', async () => {
    const { callId } = await newQuietCall();
    assert.deepEqual((await recording(callId, { action: 'stop' })).recording, { status: 'none', url: null, durationSec: null, channels: null });
    assert.deepEqual(await told(callId), []);
  });

  test('ends with the call', async () => {
    const { callId } = await newAnsweredCall();
    await recording(callId, { action: 'start' });
    expectStatus(await endCall(callId), 200);
    const { status } = (await getCall(callId)).recording;
    assert.ok(['processing', 'available'].includes(status), status);
    expectProblem(await ask(callId, { action: 'stop' }), 409, 'CALL_OVER');
    expectProblem(await ask(callId, { action: 'start' }), 409, 'CALL_OVER');
  });

  test('needs somebody on the line', async () => {
    const { callId } = await newCall();
    expectProblem(await ask(callId, { action: 'start' }), 409, 'CALL_NOT_ANSWERED');
    expectProblem(await ask(foreignId(), { action: 'start' }), 404, 'NOT_FOUND');
    for (const malformed of MALFORMED_IDS) expectStatus(await ask(malformed, { action: 'start' }), 404);
    expectInvalid(await ask(callId, {}), 'action');
    expectInvalid(await ask(callId, { action: 'pause', channels: 'four' }), 'action', 'channels');
  });

  test('is for all but the analyst', async () => {
    const { callId } = await newAnsweredCall();
    for (const role of ['admin', 'kevin', 'operator', 'agent']) await recording(callId, { action: 'start' }, await as(role));
    expectProblem(await ask(callId, { action: 'start' }, await as('analyst')), 403, 'FORBIDDEN');
    expectStatus(await ask(callId, { action: 'start' }, nobody), 401);
  });

  test('what the provider refuses is failed', async () => {
    const { callId } = await newQuietCall();
    const { telnyxCallControlId } = await getCall(callId);
    const path = `${telnyxCallControlId.slice(3, 40)}.*record_start`;
    await sim('POST', 'faults', { match: { path }, status: 422, body: { errors: [{ code: '90015', title: 'Invalid Call Control ID' }] } });
    await recording(callId, { action: 'start' });
    await eventually(async () => (await getCall(callId)).recording.status === 'failed', 'the recording failed');
    assert.deepEqual((await told(callId)).map(({ status }) => status), ['recording', 'failed']);
  });
});
