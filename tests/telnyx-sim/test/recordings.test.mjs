/* Recordings: saved after the end, listed, and downloadable for a while. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Contract } from '../contract.mjs';
import { eventually, startAll } from './helpers.mjs';

const contract = new Contract();

const TO = '+13125550177';

/* A leg which is recorded as `format`. */
async function recordedLeg(t, { format = 'mp3', channels = 'dual', scenario = {} } = {}) {
  const all = await startAll(t, { scenario: { rules: [{ result: 'human', ringMs: 100 }], ...scenario } });
  const { data } = (await all.dial(TO)).body;
  await all.receiver.seen('call.answered');
  const started = await all.action(data.call_control_id, 'record_start', { format, channels });
  assert.deepEqual(started.body, { data: { result: 'ok' } });
  return { ...all, id: data.call_control_id, legId: data.call_leg_id };
}

const saved = async ({ receiver }) => (await receiver.seen('call.recording.saved')).data;

test('a_recording_is_saved_after_the_hangup_and_matched_by_its_leg_only', async (t) => {
  const leg = await recordedLeg(t);
  await leg.action(leg.id, 'hangup');
  const data = await saved(leg);

  assert.equal(contract.eventErrors(data), null);
  assert.equal(data.payload.call_control_id, undefined);
  assert.equal(data.payload.recording_id, undefined);
  assert.equal(data.payload.call_leg_id, leg.legId);
  assert.equal(data.payload.channels, 'dual');
  assert.equal(data.payload.recording_urls.wav, null);
  assert.deepEqual(leg.receiver.told().slice(-2), ['call.hangup', 'call.recording.saved']);
});

test('record_stop_saves_it_while_the_call_goes_on', async (t) => {
  const leg = await recordedLeg(t);
  assert.equal((await leg.action(leg.id, 'record_stop')).status, 200);
  await saved(leg);
  await leg.action(leg.id, 'hangup');
  await leg.receiver.seen('call.hangup');
  assert.equal(leg.receiver.types().filter((type) => type === 'call.recording.saved').length, 1);
});

for (const [format, type, isSound] of [
  ['mp3', 'audio/mpeg', (bytes) => bytes[0] === 0xff && bytes[1] === 0xf3 && bytes.length % 36 === 0],
  ['wav', 'audio/wav', (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.readUInt32LE(4) === bytes.length - 8],
])
  test(`the file of a recording is ${type}`, async (t) => {
    const leg = await recordedLeg(t, { format });
    await leg.action(leg.id, 'record_stop');
    const response = await fetch((await saved(leg)).payload.recording_urls[format]);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, type]);
    assert.ok(isSound(Buffer.from(await response.arrayBuffer())));
  });

test('a_link_expires_and_a_new_look_gives_another', async (t) => {
  const leg = await recordedLeg(t, { scenario: { recordings: { savedMs: 0, linkMs: 1 } } });
  await leg.action(leg.id, 'record_stop');
  const { mp3 } = (await saved(leg)).payload.recording_urls;
  await eventually(async () => (await fetch(mp3)).status === 403, 'the link is dead');

  await leg.control('POST', 'scenario', { recordings: { linkMs: 60_000 } });
  const list = await leg.call('GET', `/v2/recordings?filter[call_leg_id]=${leg.legId}`);
  assert.equal(contract.answerErrors('GetRecordings', list.body), null);
  const [recording] = list.body.data;
  assert.equal((await fetch(recording.download_urls.mp3)).status, 200);
  const forged = recording.download_urls.mp3.replace(/signature=./, 'signature=x');
  assert.equal((await fetch(forged)).status, 403);

  const one = await leg.call('GET', `/v2/recordings/${recording.id}`);
  assert.equal(contract.answerErrors('GetRecording', one.body), null);
  assert.equal((await leg.call('DELETE', `/v2/recordings/${recording.id}`)).status, 200);
  assert.equal((await leg.call('GET', `/v2/recordings/${recording.id}`)).status, 404);
});

test('recordings_of_other_legs_are_filtered_out', async (t) => {
  const leg = await recordedLeg(t);
  await leg.action(leg.id, 'record_stop');
  await saved(leg);
  const other = '00000000-0000-4000-8000-000000000000';
  assert.deepEqual((await leg.call('GET', `/v2/recordings?filter[call_leg_id]=${other}`)).body.data, []);
});

test('recording_before_there_is_audio_is_90020', async (t) => {
  const all = await startAll(t, { scenario: { rules: [{ result: 'human', ringMs: 100, audioMs: 60_000 }] } });
  const { data } = (await all.dial(TO)).body;
  await all.receiver.seen('call.answered');
  const early = await all.action(data.call_control_id, 'record_start', { format: 'mp3', channels: 'dual' });
  assert.deepEqual([early.status, early.body.errors[0].code], [422, '90020']);
});
