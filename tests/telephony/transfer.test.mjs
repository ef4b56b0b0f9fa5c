/* Hot transfers: what Kevin does, what the lead hears of it, and what both are left with. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  actOn, admin, agent, callOver, callWith, commandsOf, commandsOn, endCall, eventually, getCall, KEVIN, legTo, legsTo, newCall,
  requests, sim, startTransfer, transferIs, withKevin,
} from './support.mjs';

const IS_LONG = process.env.VALS_TEST_LONG === '1';

/* Kevins. */
const QUICK = { initiatedMs: 50, ringMs: 300, amdMs: 200 };
const TAKES_IT = { result: 'human', ...QUICK, pressMs: 600 };
const RINGS = { result: 'no_answer', initiatedMs: 50 };
const LISTENS = { result: 'human', ...QUICK };
const WAITS = { result: 'human', initiatedMs: 50, ringMs: 20_000, amdMs: 200 };

const KEVINS_DIAL = { method: 'POST', path: '/calls$', body: KEVIN.slice(1) };

/* An answer for which the runner does not wait. */
const TOO_LATE_MS = 5600;

const MESSAGES = {
  true: 'Transfer successful - Kevin joined the call',
  false: 'Transfer failed - continuing with agent',
};

/* A call whose lead is on the line, and with whom nothing more is done by itself: {lead, callId, leg}. */
async function hotCall() {
  const { lead, callId } = await newCall();
  await callWith(callId, ({ status }) => status === 'in-progress', 'the lead talks');
  await eventually(async () => (await commandsOf(callId)).every(({ state }) => state === 'done'), 'all is done with him');
  return { lead, callId, leg: await legTo(lead.phone) };
}

/* The transfer as whoever waits for it is answered. */
const transfer = (callId, body = {}) => agent('POST', `/api/calls/${callId}/transfer`, body);

const cancel = (callId) => admin('DELETE', `/api/calls/${callId}/transfer`);

/* Kevin's newest leg. */
const closerLeg = async () => (await legsTo(KEVIN)).at(-1);

const closerWith = (fits, what) =>
  eventually(async () => {
    const leg = await closerLeg();
    return leg && fits(leg) && leg;
  }, what);

const isRinging = ({ state }) => state === 'ringing';

const isBriefed = ({ doing }) => doing === 'gather';

const closerGone = () => closerWith(({ state }) => state === 'ended', 'Kevin is let go of');

const isAlive = async ({ callControlId }) => (await actOn(callControlId)).state === 'answered';

/* A call in which Kevin has joined the lead, as `run` gets it. */
const withJoined = (run, rule = TAKES_IT) =>
  withKevin(rule, async () => {
    const call = await hotCall();
    const { status, body, text } = await transfer(call.callId);
    assert.equal(status, 200, text);
    assert.equal(body.data.transferSuccess, true, text);
    await run({ ...call, ...body.data, closer: await closerLeg() });
  });

describe('Kevin takes the call', () => {
  test('and whoever asked is told so when both are together', () =>
    withJoined(async ({ callId, transferId, closer, leg, status, state, failureReason, message }) => {
      assert.deepEqual([status, state, failureReason, message], ['transferred', 'joined', null, MESSAGES.true]);
      const { conferences } = await sim('GET', 'conferences');
      const { participants } = conferences.find(({ name }) => name === `xfer-${transferId}`);
      assert.deepEqual(participants.map((one) => one.callControlId), [leg.callControlId, closer.callControlId]);
      assert.ok(participants.every((one) => one.status === 'joined'));

      await actOn(leg.callControlId, 'hangup');
      await closerGone();
      const call = await callOver(callId);
      assert.deepEqual([call.finalStatus, call.endReason, call.transfer.state], ['hot_transfer', 'lead_hangup', 'ended']);
    }));

  test('and until he has, nothing is done with the lead', () =>
    withKevin(LISTENS, async () => {
      const { callId, leg } = await hotCall();
      const before = await commandsOn(leg);
      const waiting = transfer(callId, { note: 'Wants to start on Monday' });
      const { callControlId, history } = await closerWith(isBriefed, 'he is briefed');
      assert.deepEqual(await commandsOn(leg), before);
      assert.ok(history.some(({ name }) => name === 'GatherUsingSpeak'));
      await actOn(callControlId, 'press', { digit: '1' });
      assert.equal((await waiting).body.data.transferSuccess, true);

      const [gather] = (await requests()).filter(({ operation }) => operation === 'GatherUsingSpeak').slice(-1);
      assert.match(gather.body.payload, /Tele Phony.*Score.*Phase.*Wants to start on Monday.*Press 1/);
      assert.deepEqual(
        [gather.body.valid_digits, gather.body.maximum_digits, gather.body.maximum_tries, gather.body.timeout_millis],
        ['1', 1, 1, 5000],
      );
      assert.deepEqual((await commandsOn(leg)).slice(before.length), ['SpeakCall', 'CreateConference']);
      await endCall(callId, {}, admin);
      await closerGone();
    }));

  test('and hangs up first: the lead is not left alone', () =>
    withJoined(async ({ callId, closer, leg }) => {
      await actOn(closer.callControlId, 'hangup');
      const call = await callOver(callId);
      assert.deepEqual([call.finalStatus, call.endReason], ['hot_transfer', 'kevin_hangup']);
      await legTo(leg.to, ({ state }) => state === 'ended');
    }));

  test('and the agent who ends his part leaves them together', () =>
    withJoined(async ({ callId, closer, leg }) => {
      const { status, body } = await endCall(callId, { finalStatus: 'hot_transfer', notes: 'handed over' });
      assert.equal(status, 200);
      assert.equal(body.data.finalStatus, 'hot_transfer');
      assert.deepEqual([await isAlive(leg), await isAlive(closer)], [true, true]);
      assert.equal((await getCall(callId)).status, 'transferred');
      await actOn(leg.callControlId, 'hangup');
      await closerGone();
      await callOver(callId);
    }));

  test('and an operator ends the call for both', () =>
    withJoined(async ({ callId, leg }) => {
      assert.equal((await endCall(callId, {}, admin)).status, 200);
      await closerGone();
      await legTo(leg.to, ({ state }) => state === 'ended');
      assert.equal((await callOver(callId)).endReason, 'operator_ended');
    }));

  test('and it is too late to take it back', () =>
    withJoined(async ({ callId }) => {
      const { status, body } = await cancel(callId);
      assert.deepEqual([status, body.code], [409, 'TRANSFER_JOINED']);
      assert.equal((await transfer(callId)).body.code, 'TRANSFER_ACTIVE');
      await endCall(callId, {}, admin);
      await closerGone();
    }));
});

describe('Kevin does not take the call', () => {
  const ways = [
    ['his line is busy', { result: 'busy', ...QUICK }, 'busy', 'busy'],
    ['he declines', { result: 'reject', ...QUICK }, 'declined', 'rejected'],
    ['he does not answer', RINGS, 'no_answer', 'no_answer'],
    ['his voicemail answers', { result: 'machine', ...QUICK }, 'voicemail', 'voicemail'],
    ['a fax answers', { result: 'fax', ...QUICK }, 'voicemail', 'voicemail'],
    ['he presses another key', { ...TAKES_IT, digit: '5' }, 'declined', 'wrong_key'],
    ['he says nothing', LISTENS, 'declined', 'no_key'],
    ['he hangs up in the middle of the briefing', { ...LISTENS, hangUpAfterMs: 1500 }, 'declined', 'closer_hangup_early'],
    ['his number does not exist', { result: 'invalid', ...QUICK }, 'failed', 'invalid_number'],
  ];

  for (const [what, rule, state, reason] of ways)
    test(`${what}: ${state}, and the lead never noticed`, () =>
      withKevin(rule, async () => {
        const { callId, leg } = await hotCall();
        const before = await commandsOn(leg);
        const { status, body } = await transfer(callId);
        assert.equal(status, 200);
        const { transferSuccess, state: told, failureReason, message } = body.data;
        assert.deepEqual([transferSuccess, told, failureReason, message], [false, state, reason, MESSAGES.false]);

        await closerGone();
        assert.deepEqual(await commandsOn(leg), before);
        const call = await getCall(callId);
        assert.deepEqual([call.status, call.endTime, await isAlive(leg)], ['transfer_failed', null, true]);
        await endCall(callId);
      }));

  test('the next attempt may succeed', async () => {
    const { callId } = await hotCall();
    await withKevin({ result: 'busy', ...QUICK }, () => transfer(callId));
    await withKevin(TAKES_IT, async () => {
      const { body } = await transfer(callId);
      assert.equal(body.data.transferSuccess, true);
      assert.equal((await getCall(callId)).transfer.attempt, 2);
      await endCall(callId, {}, admin);
      await closerGone();
    });
  });
});

describe('a transfer is taken back', () => {
  const moments = [
    ['while Kevin\'s telephone rings', RINGS, isRinging, 'originator_cancel'],
    ['while Kevin is briefed', LISTENS, isBriefed, 'normal_clearing'],
  ];
  for (const [when, rule, isThere, cause] of moments)
    test(when, () =>
      withKevin(rule, async () => {
        const { callId, leg } = await hotCall();
        const waiting = transfer(callId);
        await closerWith(isThere, when);
        const { status, body } = await cancel(callId);
        assert.deepEqual([status, body.data.state], [200, 'canceled']);
        assert.equal((await waiting).body.data.failureReason, 'canceled');
        assert.equal((await closerGone()).hangup.hangup_cause, cause);
        assert.equal(await isAlive(leg), true);
        assert.equal((await cancel(callId)).body.code, 'TRANSFER_NOT_ACTIVE');
        await endCall(callId);
      }));

  test('before the provider has answered the dial: Kevin is hung up as soon as he is known', () =>
    withKevin(RINGS, async () => {
      const { callId, leg } = await hotCall();
      await sim('POST', 'faults', { match: KEVINS_DIAL, delayMs: 1500 });
      await startTransfer(callId);
      await closerWith(({ state }) => state !== 'ended', 'he is dialled');
      assert.equal((await cancel(callId)).body.data.state, 'canceled');
      assert.equal((await closerGone()).hangup.hangup_cause, 'originator_cancel');
      assert.equal(await isAlive(leg), true);
      await endCall(callId);
    }));

  test('too late, when Kevin has pressed the key', () =>
    withKevin(TAKES_IT, async () => {
      const { callId } = await hotCall();
      await sim('POST', 'faults', { match: { method: 'POST', path: '/actions/join$' }, delayBeforeMs: 1500 });
      const waiting = transfer(callId);
      await callWith(callId, ({ transfer: now }) => ['joining', 'joined'].includes(now?.state), 'he has pressed it');
      const { status, body } = await cancel(callId);
      assert.deepEqual([status, body.code], [409, 'TRANSFER_JOINED']);
      assert.equal((await waiting).body.data.state, 'joined');
      await endCall(callId, {}, admin);
      await closerGone();
    }));
});

describe('an operator ends the call', () => {
  const moments = [
    ['while Kevin\'s telephone rings', RINGS, isRinging],
    ['while Kevin is briefed', LISTENS, isBriefed],
  ];
  for (const [when, rule, isThere] of moments)
    test(`${when}: both telephones are hung up`, () =>
      withKevin(rule, async () => {
        const { callId, leg } = await hotCall();
        const waiting = transfer(callId);
        await closerWith(isThere, when);
        assert.equal((await endCall(callId, {}, admin)).status, 200);
        const { data } = (await waiting).body;
        assert.deepEqual([data.transferSuccess, data.state, data.failureReason], [false, 'canceled', 'operator_ended']);
        await closerGone();
        await legTo(leg.to, ({ state }) => state === 'ended');
        assert.equal((await callOver(callId)).endReason, 'operator_ended');
      }));
});

describe('the lead hangs up', () => {
  const moments = [
    ['while Kevin\'s telephone rings', RINGS, isRinging],
    ['while Kevin is briefed', LISTENS, isBriefed],
  ];
  for (const [when, rule, isThere] of moments)
    test(`${when}: Kevin is let go of`, () =>
      withKevin(rule, async () => {
        const { callId, leg } = await hotCall();
        const waiting = transfer(callId);
        await closerWith(isThere, when);
        await actOn(leg.callControlId, 'hangup');
        const { data } = (await waiting).body;
        assert.deepEqual([data.transferSuccess, data.state, data.failureReason], [false, 'lead_left', 'lead_hangup']);
        await closerGone();
        const call = await callOver(callId);
        assert.deepEqual([call.status, call.endReason], ['completed', 'lead_hangup']);
      }));

  test('before Kevin\'s dial is answered by the provider: he is hung up as soon as he is known', () =>
    withKevin(RINGS, async () => {
      const { callId, leg } = await hotCall();
      await sim('POST', 'faults', { match: KEVINS_DIAL, delayMs: 1500 });
      const waiting = transfer(callId);
      await closerWith(({ state }) => state !== 'ended', 'he is dialled');
      await actOn(leg.callControlId, 'hangup');
      assert.equal((await waiting).body.data.state, 'lead_left');
      await closerGone();
    }));
});

describe('asking for a transfer', () => {
  test('is refused while Kevin has another', () =>
    withKevin(RINGS, async () => {
      const [first, second] = [await hotCall(), await hotCall()];
      const { status, body } = await startTransfer(first.callId);
      assert.deepEqual([status, body.data.state, body.data.status], [202, 'requested', 'transferring']);
      const refused = await transfer(second.callId);
      assert.deepEqual([refused.status, refused.body.code], [400, 'KEVIN_UNAVAILABLE']);
      assert.equal(refused.body.error, 'Kevin is not available for transfer');
      const again = await transfer(first.callId);
      assert.deepEqual([again.status, again.body.code], [409, 'TRANSFER_ACTIVE']);

      await cancel(first.callId);
      await closerGone();
      await Promise.all([first, second].map(({ callId }) => endCall(callId)));
    }));

  test('twice with one key is one transfer, and both are told', () =>
    withKevin(TAKES_IT, async () => {
      const { callId } = await hotCall();
      const headers = { 'idempotency-key': randomUUID() };
      const ask = () => agent('POST', `/api/calls/${callId}/transfer`, {}, headers);
      const first = await ask();
      const second = await ask();
      assert.deepEqual([first.status, second.status], [200, 200]);
      assert.equal(second.body.data.transferId, first.body.data.transferId);
      await endCall(callId, {}, admin);
      await closerGone();
    }));

  test('before the answer or after the end is refused', async () => {
    const { callId } = await newCall('02');
    await callWith(callId, ({ status }) => status === 'ringing', 'it rings');
    assert.equal((await transfer(callId)).body.code, 'CALL_NOT_ANSWERED');
    await endCall(callId);
    assert.equal((await transfer(callId)).body.code, 'CALL_OVER');
    assert.equal((await transfer(randomUUID())).status, 404);
  });
});

describe('whatever the provider does', () => {
  test('webhooks doubled and shuffled make one transfer', async () => {
    await sim('POST', 'webhooks', { duplicate: 2, shuffleWithinMs: 700 });
    try {
      await withJoined(async ({ callId, leg, closer }) => {
        assert.deepEqual((await commandsOn(closer)).filter((name) => name !== 'HangupCall'), ['GatherUsingSpeak', 'JoinConference']);
        await actOn(leg.callControlId, 'hangup');
        await closerGone();
        assert.equal((await callOver(callId)).finalStatus, 'hot_transfer');
      });
    } finally {
      await sim('DELETE', 'webhooks');
    }
  });

  const steps = [
    ['dial', KEVINS_DIAL],
    ['briefing', { path: '/gather_using_speak$' }],
    ['notice', { path: '/actions/speak$' }],
    ['conference', { path: '/conferences$' }],
    ['join', { path: '/actions/join$' }],
  ];
  const faults = [
    { status: 500 },
    { resetAfterExecuting: true },
    { resetBeforeExecuting: true },
    ...(IS_LONG ? [{ status: 429, headers: { 'x-ratelimit-reset': '1' } }, { delayMs: TOO_LATE_MS }] : []),
  ];
  for (const [what, match] of steps)
    for (const fault of faults)
      test(`the ${what} meets ${JSON.stringify(fault)} and has one effect`, async () => {
        await sim('POST', 'faults', { match: { method: 'POST', ...match }, ...fault });
        await withJoined(async ({ callId, transferId }) => {
          const { conferences } = await sim('GET', 'conferences');
          assert.equal(conferences.filter(({ name }) => name === `xfer-${transferId}`).length, 1);
          await endCall(callId, {}, admin);
          await closerGone();
        });
      });

  test('a conference that is there already is found and used', async () => {
    const body = { errors: [{ code: '90033', title: 'Unable to execute command' }] };
    await sim('POST', 'faults', { match: { method: 'POST', path: '/conferences$' }, status: 422, body, execute: true });
    await withJoined(async ({ callId }) => {
      await endCall(callId, {}, admin);
      await closerGone();
    });
  });

  test('a join that is refused brings the lead back to the agent', () =>
    withKevin(TAKES_IT, async () => {
      const { callId, leg } = await hotCall();
      const body = { errors: [{ code: '90032', title: 'Conference is full' }] };
      await sim('POST', 'faults', { match: { method: 'POST', path: '/actions/join$' }, status: 422, body });
      const { data } = (await transfer(callId)).body;
      assert.deepEqual([data.transferSuccess, data.state, data.failureReason], [false, 'failed', 'join_failed']);
      await closerGone();
      await eventually(async () => (await commandsOn(leg)).at(-1) === 'LeaveConference', 'the lead leaves the conference');
      assert.equal(await isAlive(leg), true);
      assert.equal((await getCall(callId)).status, 'transfer_failed');
      await endCall(callId);
    }));

  test('the news of the join is lost: the provider is asked', async () => {
    await sim('POST', 'webhooks', { match: '^conference\\.participant\\.joined$', drop: true });
    try {
      await withJoined(async ({ callId }) => {
        await endCall(callId, {}, admin);
        await closerGone();
      });
    } finally {
      await sim('DELETE', 'webhooks');
    }
  });

  test('the state is told on the way', () =>
    withKevin(WAITS, async () => {
      const { callId } = await hotCall();
      await startTransfer(callId);
      await transferIs(callId, 'dialing');
      const { callControlId } = await closerWith(isRinging, 'he is rung');
      await actOn(callControlId, 'answer');
      await transferIs(callId, 'briefing');
      await closerWith(isBriefed, 'he is briefed');
      await actOn(callControlId, 'press', { digit: '1' });
      await transferIs(callId, 'joined');
      await endCall(callId, {}, admin);
      await closerGone();
    }));
});
