/* When the provider fails: whatever happens to a command, it has one effect. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  actOn, admin, age, callOver, callWith, commandsOf, commandsOn, dialFault, dialsTo, endCall, eventually, getCall, giveUp,
  hangupsOf, legTo, legsTo, newCall, newLead, noRunner, query, requests, sim, signalRunner, sleep, startCall, takeOver,
  whileHeld,
} from './support.mjs';

const commandIds = (entries) => new Set(entries.map(({ body }) => body.command_id));

/* A refusal as the provider words it. */
const errors = (code, pointer) => ({ errors: [{ code, title: 'refused', ...(pointer && { source: { pointer } }) }] });

/* A lead of whose telephone nobody reports anything. */
async function silentLead() {
  const lead = await newLead();
  await sim('POST', 'rules', { regex: `^\\${lead.phone}$`, result: 'scripted', times: 1 });
  return lead;
}

/* A started call whose first dial meets the fault. */
async function faultyCall(fault, leadOf = newLead) {
  const lead = await leadOf();
  await dialFault(lead.phone, fault);
  const answer = await startCall(lead);
  return { lead, answer, callId: answer.body.data?.callId };
}

/* The call, once the dial's answer is stored; webhooks may have told its ids before. */
async function dialled(callId) {
  await eventually(async () => {
    const dial = (await commandsOf(callId)).find(({ kind }) => kind === 'dial');
    return dial.state === 'done';
  }, 'the dial was stored');
  return getCall(callId);
}

/* One leg, and every request for it was the same command. */
async function assertOneLeg(lead, dials) {
  const sent = await dialsTo(lead.phone);
  assert.equal((await legsTo(lead.phone)).length, 1);
  assert.equal(commandIds(sent).size, 1);
  assert.equal(sent.length, dials);
  assert.equal(sent.filter(({ isRepeat }) => isRepeat).length, dials - 1);
}

const pendingDials = (lead) =>
  query(`
    select m.command_id
    from vals.commands m
      join vals.calls c on c.id = m.call_id
    where c.lead_id = :'lead'
      and m.state = 'pending'`, { lead: lead.id });

/* The id of the lead's call, once the provider has its dial. */
async function dialUnderWay(lead) {
  const [{ body }] = await eventually(async () => {
    const dials = await dialsTo(lead.phone);
    return dials.length > 0 && dials;
  }, 'the dial is under way');
  return JSON.parse(Buffer.from(body.client_state, 'base64')).call;
}

describe('a dial', { concurrency: true }, () => {
  test('is sent again, the same, after the provider failed', async () => {
    const { lead, answer, callId } = await faultyCall({ status: 500, times: 2 });
    assert.equal(answer.status, 201);
    await dialled(callId);
    const sent = await dialsTo(lead.phone);
    assert.equal(sent.length, 3);
    assert.equal(commandIds(sent).size, 1);
    assert.equal((await legsTo(lead.phone)).length, 1);
    await endCall(callId);
  });

  test('whose answer was lost is one leg', async () => {
    const { lead, answer, callId } = await faultyCall({ resetAfterExecuting: true }, silentLead);
    assert.equal(answer.status, 201);
    await dialled(callId);
    await assertOneLeg(lead, 2);
    await endCall(callId);
  });

  test('whose telephone is heard of needs no answer', async () => {
    const { lead, answer, callId } = await faultyCall({ resetAfterExecuting: true, times: 100 });
    assert.equal(answer.status, 201);
    const call = await dialled(callId);
    assert.equal(call.telnyxCallId, (await legTo(lead.phone)).callLegId);
    assert.equal((await legsTo(lead.phone)).length, 1);
    assert.equal((await commandsOf(callId))[0].reason, 'the telephone was heard of');
    await endCall(callId);
  });

  test('that never arrived is sent again', async () => {
    const { lead, answer, callId } = await faultyCall({ resetBeforeExecuting: true });
    assert.equal(answer.status, 201);
    const call = await dialled(callId);
    assert.equal(call.telnyxCallId, (await legTo(lead.phone)).callLegId);
    assert.equal((await legsTo(lead.phone)).length, 1);
    await endCall(callId);
  });

  test('answered with a page of some proxy is sent again', async () => {
    const { lead, callId } = await faultyCall(
      { status: 200, body: 'welcome to the hotel', execute: true }, silentLead);
    await dialled(callId);
    await assertOneLeg(lead, 2);
    await endCall(callId);
  });

  test('waits as long as the provider asks for', async () => {
    const began = Date.now();
    const { lead, answer, callId } = await faultyCall({
      status: 429,
      headers: { 'x-ratelimit-reset': '2' },
      body: errors('90103'),
    });
    assert.equal(answer.status, 201);
    await dialled(callId);
    assert.ok(Date.now() - began >= 2000, `asked again after ${Date.now() - began} ms`);
    assert.equal((await dialsTo(lead.phone)).length, 2);
    assert.equal((await legsTo(lead.phone)).length, 1);
    await endCall(callId);
  });

  test('of a number the provider refuses fails the call', async () => {
    const { lead, answer } = await faultyCall({
      status: 422,
      body: errors('10016', '/to'),
    });
    assert.equal(answer.status, 502);
    const call = await getCall(await dialUnderWay(lead));
    assert.equal(call.status, 'failed');
    assert.equal(call.finalStatus, 'wrong_number');
    assert.equal((await dialsTo(lead.phone)).length, 1);
  });

  test('refused for a fault of ours does not blame the number', async () => {
    const { lead, answer } = await faultyCall({
      status: 422,
      body: errors('10016', '/from'),
    });
    assert.equal(answer.status, 502);
    const call = await getCall(await dialUnderWay(lead));
    assert.equal(call.status, 'failed');
    assert.equal(call.finalStatus, 'failed');
  });

  test('too slow for start-call is answered 201 without an id, which comes later', async () => {
    /* Twice, or a start-call that looks late finds the answer to the second dial. */
    const { lead, answer, callId } = await faultyCall({ delayMs: 5600, times: 2 }, silentLead);
    assert.equal(answer.status, 201);
    assert.equal(answer.body.data.telnyxCallId, null);
    const call = await dialled(callId);
    assert.equal(call.telnyxCallId, (await legTo(lead.phone)).callLegId);
    await assertOneLeg(lead, 3);
    await endCall(callId);
  });

  test('that is ended while under way is hung up as soon as it has an id', async () => {
    const lead = await newLead();
    await dialFault(lead.phone, { delayMs: 1500 });
    const starting = startCall(lead);
    const callId = await dialUnderWay(lead);
    assert.equal((await endCall(callId)).status, 200);
    await starting;

    const leg = await legTo(lead.phone, ({ state }) => state === 'ended');
    assert.equal(leg.hangup.hangup_source, 'caller');
    assert.equal((await getCall(callId)).status, 'canceled');
  });
});

describe('a hang-up', { concurrency: true }, () => {
  /* A live call whose hang-up meets the fault; the leg as it was then. */
  async function faultyEnd(fault) {
    const { lead, callId } = await newCall();
    const leg = await legTo(lead.phone, ({ state }) => state === 'answered');
    await sim('POST', 'faults', { match: { path: `${leg.callControlId.slice(3, 30)}.*/hangup$` }, ...fault });
    assert.equal((await endCall(callId)).status, 200);
    return { lead, callId, leg };
  }

  const hungUp = (callId) =>
    eventually(async () => (await commandsOf(callId)).find(({ kind, state }) => kind === 'hangup' && state === 'done'),
      'the hang-up is done');

  test('of a call that has ended meanwhile is done', async () => {
    const { callId, leg } = await faultyEnd({ status: 422, body: errors('90018') });
    await hungUp(callId);
    assert.equal((await hangupsOf(leg)).length, 1);
    await sim('POST', `legs/${encodeURIComponent(leg.callControlId)}`, { action: 'hangup' });
  });

  test('whose answer was lost is repeated without harm', async () => {
    const { callId, leg } = await faultyEnd({ resetAfterExecuting: true });
    await hungUp(callId);
    const hangups = await hangupsOf(leg);
    assert.equal(hangups.length, 2);
    assert.equal(commandIds(hangups).size, 1);
  });

  test('of long ago is asked for before it is sent again', async () => {
    const { callId, leg } = await faultyEnd({ resetAfterExecuting: true, times: 100 });
    await eventually(async () => (await hangupsOf(leg)).length, 'it was sent');
    await age(callId, 100);
    await hungUp(callId);
    const part = leg.callControlId.slice(3, 30);
    const asked = (await requests()).filter(({ method, path }) => method === 'GET' && path.includes(part));
    assert.equal(asked.length, 1);
  });

  test('of long ago is sent again if the call goes on', async () => {
    const { lead, callId, leg } = await faultyEnd({ resetBeforeExecuting: true, times: 3 });
    await eventually(async () => (await hangupsOf(leg)).length, 'it was sent');
    await age(callId, 100);
    await hungUp(callId);
    await legTo(lead.phone, ({ state }) => state === 'ended');
  });

  test('is sent again after the provider failed', async () => {
    const { lead, callId, leg } = await faultyEnd({ status: 503, times: 2 });
    await hungUp(callId);
    await legTo(lead.phone, ({ state }) => state === 'ended');
    assert.equal((await hangupsOf(leg)).length, 3);
  });
});

describe('what is done with a lead on the line', { concurrency: true }, () => {
  const faults = [{ status: 500 }, { resetBeforeExecuting: true }, { resetAfterExecuting: true }];

  const pathOf = (leg, action) => `${leg.callControlId.slice(3, 30)}.*/${action}$`;

  /* The command that met the fault was sent again, the same, and the provider has carried out each command of its kind once. */
  async function assertOneEffect(faultId, leg, action) {
    const { operation } = await eventually(async () => {
      const log = await requests();
      const met = log.find((entry) => entry.faultId === faultId);
      const again = log.filter(({ body }) => met && body?.command_id === met.body.command_id).slice(1);
      return again.find(({ status }) => status === 200);
    }, `${action} was sent again`);
    const sent = (await requests()).filter(({ path }) => new RegExp(pathOf(leg, action)).test(path));
    const effects = (await commandsOn(leg)).filter((name) => name === operation);
    assert.equal(effects.length, commandIds(sent).size);
  }

  for (const fault of faults) {
    test(`the stop and the start of a recording meet ${JSON.stringify(fault)} and have one effect`, async () => {
      const { lead, callId } = await newCall();
      const leg = await legTo(lead.phone, ({ isRecorded }) => isRecorded);
      await callWith(callId, ({ answeredAt }) => answeredAt, 'it was answered');
      for (const action of ['stop', 'start']) {
        const match = { method: 'POST', path: pathOf(leg, `record_${action}`) };
        const { id } = await sim('POST', 'faults', { match, ...fault });
        assert.equal((await admin('POST', `/api/calls/${callId}/recording`, { action })).status, 200);
        await assertOneEffect(id, leg, `record_${action}`);
      }
      await legTo(lead.phone, ({ isRecorded }) => isRecorded);
      await endCall(callId);
    });

    test(`the start of a transcription meets ${JSON.stringify(fault)} and has one effect`, async () => {
      const lead = await newLead('02');
      const [{ id: callId }] = await query(`
        select s.body ->> 'callId' as id
        from api.call_start('{"role":"agent"}', '{"transcribe":true}', jsonb_build_object('leadId', :'lead')) s`, { lead: lead.id });
      const leg = await legTo(lead.phone, ({ state }) => state === 'ringing');
      const { id } = await sim('POST', 'faults', { match: { method: 'POST', path: pathOf(leg, 'transcription_start') }, ...fault });
      await actOn(leg.callControlId, 'answer');
      await assertOneEffect(id, leg, 'transcription_start');
      await actOn(leg.callControlId, 'say', { text: 'Is that you?' });
      const { transcript } = await callWith(callId, (call) => call.transcript?.length, 'what he says is known');
      assert.deepEqual(transcript.map(({ text }) => text), ['Is that you?']);
      await endCall(callId);
    });
  }
});

/* These end the runner under everybody's feet, so they come last and one by one. */
describe('a runner', { skip: noRunner() }, () => {
  test('that may not dial as another one counts the dials hangs up all the same', async () => {
    const [{ callId }, waiting] = [await newCall(), await newLead()];
    const { starting } = await whileHeld('select pg_advisory_xact_lock(1447119955, 4)', async () => {
      const started = startCall(waiting);
      await eventually(async () => (await pendingDials(waiting)).length, 'a dial waits');
      assert.equal((await endCall(callId)).status, 200);
      await eventually(async () => (await commandsOf(callId)).every(({ state }) => state === 'done'), 'the hang-up is done');
      assert.equal((await dialsTo(waiting.phone)).length, 0);
      return { starting: started };
    });
    const { body } = await starting;
    await dialled(body.data.callId);
    await assertOneLeg(waiting, 1);
    await endCall(body.data.callId);
  });

  test('asked to stop stores the answers it waits for', async () => {
    const lead = await newLead();
    await dialFault(lead.phone, { delayMs: 2500 });
    const starting = startCall(lead);
    await dialUnderWay(lead);
    await signalRunner('SIGTERM');
    const { status, body } = await starting;
    assert.equal(status, 201);
    await dialled(body.data.callId);
    await assertOneLeg(lead, 1);
    await endCall(body.data.callId);
  });

  test('told to reload goes on with the same number of dials', async () => {
    const lead = await newLead();
    await dialFault(lead.phone, { delayMs: 1500 });
    const starting = startCall(lead);
    await dialUnderWay(lead);
    await signalRunner('SIGHUP');
    const next = await newLead();
    const { body } = await startCall(next);
    await dialled((await starting).body.data.callId);
    await assertOneLeg(lead, 1);
    await dialled(body.data.callId);
    await assertOneLeg(next, 1);
    await Promise.all([(await starting).body.data.callId, body.data.callId].map((id) => endCall(id)));
  });

  test('killed while it waits leaves the dial to its successor, and it stays one leg', async () => {
    const lead = await silentLead();
    await dialFault(lead.phone, { delayMs: 4000 });
    const starting = startCall(lead);
    await dialUnderWay(lead);
    await signalRunner('SIGKILL');
    const { body } = await starting;
    await dialled(body.data.callId);
    await assertOneLeg(lead, 2);
    await endCall(body.data.callId);
    await callOver(body.data.callId);
  });

  test('whose lease went to another changes nothing with its answer', async () => {
    const lead = await newLead('02');
    await dialFault(lead.phone, { delayMs: 4000 });
    const starting = startCall(lead);
    const call = await dialUnderWay(lead);
    await takeOver(call);
    await eventually(async () => (await dialsTo(lead.phone))[0].status, 'the dial was answered');
    await sleep(1000);
    const [{ state, attempt }] = await commandsOf(call);
    assert.deepEqual({ state, attempt }, { state: 'leased', attempt: 2 });

    /* The other one's lease runs out too, and then there is still one leg. */
    await giveUp(call);
    await starting;
    await dialled(call);
    await assertOneLeg(lead, 2);
    assert.equal((await commandsOf(call))[0].attempt, 3);
    await endCall(call);
  });

  test('does not dial again what the provider may have forgotten', async () => {
    const lead = await silentLead();
    await dialFault(lead.phone, { resetAfterExecuting: true, times: 100 });
    const { body } = await startCall(lead);
    /* Even the question fails once. */
    await sim('POST', 'faults', { match: { method: 'GET', path: 'active_calls' }, status: 500 });
    await age(body.data.callId, 100);
    const call = await dialled(body.data.callId);
    await sleep(1000);
    assert.equal((await legsTo(lead.phone)).length, 1);
    assert.equal(call.telnyxCallId, (await legTo(lead.phone)).callLegId);
    await endCall(body.data.callId);
  });

  test('gives up a dial of which nothing is to be found', async () => {
    const lead = await newLead();
    await dialFault(lead.phone, { resetBeforeExecuting: true, times: 100 });
    const { body } = await startCall(lead);
    await age(body.data.callId, 100);
    const call = await callOver(body.data.callId);
    assert.equal(call.status, 'failed');
    assert.equal((await legsTo(lead.phone)).length, 0);
  });

  test('whose key is refused sends nothing for half a minute, then goes on', async () => {
    const [refused, waiting] = [await newLead(), await newLead()];
    await dialFault(refused.phone, { status: 401, body: errors('10009') });
    const first = await startCall(refused);
    const second = await startCall(waiting);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal((await dialsTo(waiting.phone)).length, 0);
    assert.equal((await commandsOf(first.body.data.callId))[0].reason, 'our key was not accepted');

    await Promise.all([first, second].map(({ body }) => dialled(body.data.callId)));
    assert.equal((await dialsTo(refused.phone)).length, 2);
    assert.equal((await dialsTo(waiting.phone)).length, 1);
    await Promise.all([first, second].map(({ body }) => endCall(body.data.callId)));
  });
});
