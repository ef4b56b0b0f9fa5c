/* Speech, keys and transcription on a leg. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Contract } from '../contract.mjs';
import { eventually, startAll } from './helpers.mjs';

const contract = new Contract();

const TO = '+13125550177';
const VOICE = { payload: 'Anna is hot. Press one to take the call.', voice: 'female', language: 'en-US' };
const GATHER = {
  ...VOICE, minimum_digits: 1, maximum_digits: 1, valid_digits: '1', maximum_tries: 1, timeout_millis: 5000,
};

/* A try of a second; and one that does not end by itself while a test runs, however busy the machine. */
const BRIEF = { ...GATHER, timeout_millis: 50_000 };
const PATIENT = { ...GATHER, timeout_millis: 3_000_000 };

/* An answered leg whose callee does what `rule` says: the helpers and its id. */
async function answeredLeg(t, { dialFields, ...rule } = {}) {
  const all = await startAll(t, { scenario: { rules: [{ result: 'human', ringMs: 100, ...rule }] } });
  const { data } = (await all.dial(TO, dialFields)).body;
  await all.receiver.seen('call.answered');
  return { ...all, id: data.call_control_id };
}

const gatherEnd = async ({ receiver }) => {
  const { data } = await receiver.seen('call.gather.ended');
  assert.equal(contract.eventErrors(data), null);
  return [data.payload.status, data.payload.digits];
};

for (const [what, rule, gather, end] of [
  ['who presses the key', { pressMs: 400 }, PATIENT, ['valid', '1']],
  ['who presses another key', { pressMs: 400, digit: '5' }, PATIENT, ['invalid', '5']],
  ['who says nothing', {}, BRIEF, ['timeout', '']],
])
  test(`a closer ${what} ends the gather as ${end[0]}`, async (t) => {
    const leg = await answeredLeg(t, rule);
    assert.equal((await leg.action(leg.id, 'gather_using_speak', gather)).status, 200);
    assert.deepEqual(await gatherEnd(leg), end);
  });

test('a closer who hangs up in the middle ends the gather as call_hangup', async (t) => {
  const leg = await answeredLeg(t);
  assert.equal((await leg.action(leg.id, 'gather_using_speak', PATIENT)).status, 200);
  await leg.control('POST', `legs/${encodeURIComponent(leg.id)}`, { action: 'hangup' });
  assert.deepEqual(await gatherEnd(leg), ['call_hangup', '']);
});

test('a_key_counts_while_the_text_is_spoken_and_is_reported', async (t) => {
  const leg = await answeredLeg(t);
  await leg.action(leg.id, 'gather_using_speak', { ...PATIENT, payload: 'x'.repeat(3000) });
  await leg.control('POST', `legs/${encodeURIComponent(leg.id)}`, { action: 'press', digit: '1' });
  assert.deepEqual(await gatherEnd(leg), ['valid', '1']);
  const { data } = await leg.receiver.seen('call.dtmf.received');
  assert.equal(contract.eventErrors(data), null);
  assert.equal(data.payload.digit, '1');
});

test('a_failed_try_asks_again', async (t) => {
  const leg = await answeredLeg(t, { pressMs: 200, digit: '5' });
  await leg.action(leg.id, 'gather_using_speak', { ...GATHER, maximum_tries: 2 });
  assert.deepEqual(await gatherEnd(leg), ['invalid', '5']);
  const keys = () => leg.receiver.types().filter((type) => type === 'call.dtmf.received');
  await eventually(() => keys().length === 2, 'both keys are told');
});

test('a_gather_can_be_stopped_and_a_machine_cancels_it', async (t) => {
  const stopped = await answeredLeg(t);
  await stopped.action(stopped.id, 'gather_using_speak', PATIENT);
  assert.equal((await stopped.action(stopped.id, 'gather_stop')).status, 200);
  assert.deepEqual(await gatherEnd(stopped), ['cancelled', '']);

  const machine = await answeredLeg(t, {
    result: 'machine', amdMs: 150_000, greetingMs: null, hangUpAfterMs: null, dialFields: { answering_machine_detection: 'premium' },
  });
  await machine.action(machine.id, 'gather_using_speak', PATIENT);
  assert.deepEqual(await gatherEnd(machine), ['cancelled_amd', '']);
});

test('speech_begins_and_ends_or_is_cut', async (t) => {
  const leg = await answeredLeg(t);
  assert.equal((await leg.action(leg.id, 'speak', VOICE)).status, 200);
  const { data } = await leg.receiver.seen('call.speak.ended');
  assert.equal(contract.eventErrors(data), null);
  assert.equal(data.payload.status, 'completed');

  await leg.action(leg.id, 'speak', { ...VOICE, payload: 'x'.repeat(2000) });
  await leg.action(leg.id, 'hangup');
  const isCut = ({ data: { payload } }) => payload.status === 'call_hangup';
  const cut = await eventually(() => leg.receiver.events.find(isCut), 'it was cut');
  assert.equal(cut.data.event_type, 'call.speak.ended');
});

test('playback_stop_ends_the_speech', async (t) => {
  const leg = await answeredLeg(t);
  await leg.action(leg.id, 'speak', { ...VOICE, payload: 'x'.repeat(3000) });
  await leg.action(leg.id, 'playback_stop');
  await leg.receiver.seen('call.speak.ended');
});

test('commands_before_the_answer_are_90034_and_after_the_end_90018', async (t) => {
  const { action, dial } = await startAll(t, { scenario: { rules: [{ result: 'scripted' }] } });
  const id = (await dial(TO)).body.data.call_control_id;
  const commands = [
    ['speak', VOICE], ['gather_using_speak', GATHER], ['gather_stop', {}], ['transcription_start', {}],
    ['record_start', { format: 'mp3', channels: 'dual' }], ['record_stop', {}],
  ];
  for (const [name, body] of commands) assert.equal((await action(id, name, body)).body.errors[0].code, '90034', name);
  await action(id, 'hangup');
  for (const [name, body] of commands) assert.equal((await action(id, name, body)).body.errors[0].code, '90018', name);
});

test('what_the_lead_says_is_transcribed_once', async (t) => {
  const leg = await answeredLeg(t, { says: ['I would like to talk to someone.'] });
  const start = () => leg.action(leg.id, 'transcription_start', { transcription_tracks: 'both' });
  assert.equal((await start()).status, 200);
  assert.equal((await start()).body.errors[0].code, '90054');

  const heard = () => leg.receiver.events.filter(({ data }) => data.event_type === 'call.transcription');
  await eventually(() => heard().length === 2, 'both are there');
  for (const { data } of heard()) assert.equal(contract.eventErrors(data), null);
  assert.deepEqual(
    heard().map(({ data }) => data.payload.transcription_data).map(({ is_final: is, transcript }) => [is, transcript]),
    [[false, 'I would like to'], [true, 'I would like to talk to someone.']],
  );
  await leg.action(leg.id, 'transcription_stop');
  await leg.control('POST', `legs/${encodeURIComponent(leg.id)}`, { action: 'say', text: 'Still there?' });
  assert.equal(heard().length, 2);
});

test('fields_the_description_does_not_name_are_refused', async (t) => {
  const leg = await answeredLeg(t);
  const refused = await leg.action(leg.id, 'gather_using_speak', { ...GATHER, max_digits: 1 });
  assert.deepEqual([refused.status, refused.body.errors[0].source.pointer], [422, '/max_digits']);
  const wrong = await leg.action(leg.id, 'gather_using_speak', { ...GATHER, valid_digits: 'one' });
  assert.equal(wrong.body.errors[0].source.pointer, '/valid_digits');
});

test('a_scripted_leg_does_only_what_it_is_told_and_nobody_is_told', async (t) => {
  const { control, dial, receiver } = await startAll(t, { scenario: { rules: [{ result: 'scripted' }] } });
  const id = (await dial(TO)).body.data.call_control_id;
  const tell = async (action) => (await control('POST', `legs/${encodeURIComponent(id)}`, { action })).body.state;
  assert.deepEqual([await tell('ring'), await tell('answer'), await tell('hangup')], ['ringing', 'answered', 'ended']);
  assert.deepEqual(receiver.types(), []);
  const { deliveries } = (await control('GET', 'webhooks')).body;
  assert.deepEqual(deliveries.map(({ status }) => status), ['nowhere', 'nowhere', 'nowhere']);
});

test('events_of_a_leg_can_be_asked_for', async (t) => {
  const leg = await answeredLeg(t);
  await leg.action(leg.id, 'speak', VOICE);
  const { call_leg_id: legId } = leg.receiver.events[0].data.payload;
  const { body } = await leg.call('GET', `/v2/call_events?filter[leg_id]=${legId}`);
  assert.equal(contract.answerErrors('ListCallEvents', body), null);
  assert.deepEqual(body.data.map(({ name }) => name).slice(0, 4), [
    'call.initiated', 'call.answered', 'call.speak.started', 'SpeakCall',
  ]);
});
