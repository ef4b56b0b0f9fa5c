/* Transferring a call to Kevin: who may ask when, waiting for the result, asking again, taking it back. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  MALFORMED_IDS, admin, agent, answerCall, as, endAllCalls, endCall, eventually, expectInvalid, expectProblem, expectStatus, foreignId,
  getCall, newAnsweredCall, newCall, query, send, sim, sleep,
} from './support.mjs';

const KEVIN = '+12025550199';

/* What Kevin's telephone does from now on. */
const kevin = async (rule) => {
  await sim('DELETE', 'rules');
  await sim('POST', 'rules', { regex: '^\\+12025550199$', initiatedMs: 50, ringMs: 100, business: true, amdMs: 200, ...rule });
};
const takes = { result: 'human', pressMs: 200 };
const rings = { result: 'no_answer', ringMs: null };

const transfer = (callId, body = {}, headers = {}, by = agent) => by.post(`/api/calls/${callId}/transfer`, body, headers);
const async = { prefer: 'respond-async' };
const cancel = (callId, by = agent) => by.delete(`/api/calls/${callId}/transfer`);
const state = async (callId) => (await getCall(callId)).transfer?.state;
const until = (callId, ...states) =>
  eventually(async () => states.includes(await state(callId)), `the transfer is ${states.join(' or ')}`, 60_000);
const kevinsLegs = async () => (await sim('GET', 'legs')).legs.filter(({ to, endedAt }) => to === KEVIN && !endedAt);

let override;

before(async () => {
  ({ override } = expectStatus(await admin.get('/api/kevin/availability'), 200).body.data);
  expectStatus(await admin.put('/api/kevin/availability', { available: true }), 200);
});

/* Kevin is one: nobody leaves him busy for the next. */
afterEach(async () => {
  await endAllCalls();
  await eventually(async () => (await kevinsLegs()).length === 0, "Kevin's telephone is free");
});

after(async () => {
  await sim('DELETE', 'rules');
  await admin.put('/api/kevin/availability', { available: override?.available ?? null });
});

describe('a transfer', () => {
  test('waits until Kevin has joined', async () => {
    await kevin(takes);
    const { callId } = await newAnsweredCall();
    const { data } = expectStatus(await transfer(callId, { note: 'asks for the price' }), 200).body;
    const { transferId, ...rest } = data;
    assert.deepEqual(rest, {
      callId, transferSuccess: true, status: 'transferred', state: 'joined', failureReason: null,
      message: 'Transfer successful - Kevin joined the call',
    });
    const call = await getCall(callId);
    assert.deepEqual([call.status, call.transfer.id, call.transfer.state], ['transferred', transferId, 'joined']);
    assert.ok(call.transfer.joinedAt >= call.transfer.answeredAt && call.transfer.answeredAt >= call.transfer.initiatedAt);
  });

  test('that Kevin does not take leaves the call to the agent', async () => {
    const refusals = [
      [{ result: 'busy' }, 'busy'],
      [{ result: 'reject' }, 'declined'],
      [{ result: 'machine' }, 'voicemail'],
      [{ result: 'human', pressMs: 200, digit: '5' }, 'declined'],
    ];
    const { callId } = await newAnsweredCall();
    for (const [rule, end] of refusals) {
      await kevin(rule);
      const { data } = expectStatus(await transfer(callId), 200).body;
      assert.deepEqual(
        [data.transferSuccess, data.status, data.state, data.message],
        [false, 'transfer_failed', end, 'Transfer failed - continuing with agent'],
      );
      await eventually(async () => (await kevinsLegs()).length === 0, "Kevin's leg is gone");
    }
    const call = await getCall(callId);
    assert.deepEqual([call.endTime, call.transfer.attempt], [null, refusals.length]);
  });

  test('answers at once when nobody waits', async () => {
    await kevin(takes);
    const { callId } = await newAnsweredCall();
    const { data } = expectStatus(await transfer(callId, {}, { prefer: 'handling=lenient, respond-async; x' }), 202).body;
    assert.deepEqual([data.transferSuccess, data.state, data.message], [false, 'requested', 'Transfer in progress']);
    await until(callId, 'joined');
  });

  test('repeated with its key waits for the same one, and for a second nobody is rung', async () => {
    await kevin({ ...takes, pressMs: 1500 });
    const { callId } = await newAnsweredCall();
    const key = { 'idempotency-key': randomUUID() };
    const first = expectStatus(await transfer(callId, { note: 'n' }, { ...key, ...async }), 202).body.data;
    const answers = await Promise.all([transfer(callId, { note: 'n' }, key), transfer(callId, { note: 'n' }, key)]);
    for (const answer of answers) {
      expectStatus(answer, 200);
      assert.deepEqual([answer.body.data.transferId, answer.body.data.state], [first.transferId, 'joined']);
    }
    expectProblem(await transfer(callId, { note: 'other' }, key), 409, 'IDEMPOTENCY_MISMATCH');
    assert.equal((await query("select count(*) from vals.transfers where call_id = :'callId'", { callId }))[0].count, 1);
  });

  test('goes on when whoever asked has left, and his worker is free again', async () => {
    await kevin({ ...takes, ringMs: null });
    const { callId } = await newAnsweredCall();
    const controller = new AbortController();
    const asked = fetch(`${process.env.VALS_URL}/api/calls/${callId}/transfer`, {
      method: 'POST', signal: controller.signal, headers: { authorization: `Bearer ${agent.token}` },
    });
    await until(callId, 'dialing');
    controller.abort();
    await assert.rejects(asked);
    await sim('POST', `legs/${encodeURIComponent(KEVIN)}`, { action: 'answer' });
    await until(callId, 'joined');
  });
});

describe('a transfer is refused', () => {
  test('in this order: no call, over, not answered, under way, Kevin', async () => {
    await kevin(rings);
    expectProblem(await transfer(foreignId()), 404, 'NOT_FOUND');
    for (const id of MALFORMED_IDS) expectProblem(await transfer(id), 404, 'NOT_FOUND');
    const ringing = await newCall();
    expectProblem(await transfer(ringing.callId), 409, 'CALL_NOT_ANSWERED');
    await answerCall(ringing);
    expectStatus(await transfer(ringing.callId, {}, async), 202);
    expectProblem(await transfer(ringing.callId), 409, 'TRANSFER_ACTIVE');

    /* Kevin is one. */
    const other = await newAnsweredCall();
    const refused = expectProblem(await transfer(other.callId), 400, 'KEVIN_UNAVAILABLE');
    assert.equal(refused.body.error, 'Kevin is not available for transfer');
    expectStatus(await endCall(ringing.callId, {}, admin), 200);
    expectProblem(await transfer(ringing.callId), 409, 'CALL_OVER');
  });

  test('while Kevin is away', async () => {
    const { callId } = await newAnsweredCall();
    expectStatus(await admin.put('/api/kevin/availability', { available: false }), 200);
    expectProblem(await transfer(callId), 400, 'KEVIN_UNAVAILABLE');
    expectStatus(await admin.put('/api/kevin/availability', { available: true }), 200);
    assert.equal((await getCall(callId)).transfer, null);
  });

  test('with a note that is none, or a field it does not have', async () => {
    const { callId } = await newAnsweredCall();
    expectInvalid(await transfer(callId, { note: 'x'.repeat(501) }), 'note');
    expectInvalid(await transfer(callId, { note: 7 }), 'note');
    expectInvalid(await transfer(callId, { phoneNumber: '+12025550142' }), 'phoneNumber');
  });

  test('to whoever may not run calls', async () => {
    const { callId } = await newAnsweredCall();
    expectProblem(await transfer(callId, {}, {}, await as('analyst')), 403, 'FORBIDDEN');
    expectProblem(await cancel(callId, await as('analyst')), 403, 'FORBIDDEN');
    expectStatus(await send('POST', `/api/calls/${callId}/transfer`), 401);
  });
});

describe('taking a transfer back', () => {
  test('stops the ringing and leaves the call to the agent', async () => {
    await kevin(rings);
    const { callId } = await newAnsweredCall();
    const { data: started } = expectStatus(await transfer(callId, {}, async), 202).body;
    await until(callId, 'dialing');
    const { data } = expectStatus(await cancel(callId), 200).body;
    assert.deepEqual(
      [data.transferId, data.transferSuccess, data.state, data.status],
      [started.transferId, false, 'canceled', 'transfer_failed'],
    );
    await eventually(async () => (await kevinsLegs()).length === 0, "Kevin's leg is gone");
    assert.equal((await getCall(callId)).endTime, null);
  });

  test('tells whoever waits for it', async () => {
    await kevin(rings);
    const { callId } = await newAnsweredCall();
    const waiting = transfer(callId);
    await until(callId, 'dialing');
    expectStatus(await cancel(callId), 200);
    assert.equal(expectStatus(await waiting, 200).body.data.state, 'canceled');
  });

  test('is refused without one, and once Kevin has joined', async () => {
    await kevin(takes);
    const { callId } = await newAnsweredCall();
    expectProblem(await cancel(foreignId()), 404, 'NOT_FOUND');
    expectProblem(await cancel(callId), 409, 'TRANSFER_NOT_ACTIVE');
    expectStatus(await transfer(callId), 200);
    expectProblem(await cancel(callId), 409, 'TRANSFER_JOINED');
  });
});

describe('a pool whose waiters are all busy', () => {
  test('says so at once, and is free again when they have left', async () => {
    await kevin(rings);
    const { callId } = await newAnsweredCall();
    const key = { 'idempotency-key': randomUUID() };
    expectStatus(await transfer(callId, {}, { ...key, ...async }), 202);
    const waiters = Array.from({ length: 24 }, () => transfer(callId, {}, key));
    const refused = await Promise.any(waiters.map(async (one) => expectProblem(await one, 503, 'UNAVAILABLE')));
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    /* Who waits for nothing is served meanwhile, and may end it for all. */
    await sleep(100);
    expectStatus(await cancel(callId), 200);
    const statuses = (await Promise.all(waiters)).map(({ status }) => status);
    assert.ok(statuses.includes(200) && statuses.every((status) => [200, 503].includes(status)), `${statuses}`);
    expectProblem(await transfer(foreignId()), 404, 'NOT_FOUND');
  });
});
