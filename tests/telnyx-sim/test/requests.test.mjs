/* What is refused, and how; repeated commands; limits. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAll } from './helpers.mjs';

const TO = '+13125550177';

function assertRefused({ status, body }, wantedStatus, code, pointer) {
  assert.equal(status, wantedStatus, JSON.stringify(body));
  assert.equal(body.errors[0].code, code);
  assert.equal(typeof body.errors[0].title, 'string');
  if (pointer) assert.equal(body.errors[0].source.pointer, pointer);
}

for (const [name, fields, code, pointer] of [
  ['unknown field', { timeout_sec: 30 }, '10015', '/timeout_sec'],
  ['unknown inner field', { custom_headers: [{ name: 'X', value: '1', x: 1 }] }, '10015', '/custom_headers/0/x'],
  ['missing field', { from: undefined }, '10004', '/from'],
  ['wrong type', { timeout_secs: '30' }, '10015', '/timeout_secs'],
  ['unknown word of an enum', { answering_machine_detection: 'best' }, '10032', '/answering_machine_detection'],
  ['limit of the description', { time_limit_secs: 29 }, '10033', '/time_limit_secs'],
  ['limit of the prose', { timeout_secs: 601 }, '10033', '/timeout_secs'],
  ['number without plus', { to: '13125550177' }, '10016', '/to'],
  ['caller number that is none', { from: 'anonymous' }, '10016', '/from'],
  ['client state which is not Base64', { client_state: '{"v":1}' }, '10015', '/client_state'],
  ['webhook address which is none', { webhook_url: 'somewhere' }, '10015', '/webhook_url'],
  ['empty connection', { connection_id: '' }, '10015', '/connection_id'],
  ['too many retries', { webhook_retries_policies: { 'call.hangup': { retries_ms: [1, 1, 1, 1, 1, 1] } } }, '10033'],
  ['retries for too long', { webhook_retries_policies: { 'call.hangup': { retries_ms: [60_001] } } }, '10033'],
]) {
  test(`dial refused: ${name}`, async (t) => {
    const { dial, control } = await startAll(t);
    assertRefused(await dial(TO, fields.to ? { ...fields } : fields), 422, code, pointer);
    assert.deepEqual((await control('GET', 'legs')).body.legs, []);
  });
}

test('an_effect_which_is_not_simulated_is_refused', async (t) => {
  const { dial, action } = await startAll(t);
  assertRefused(await dial(TO, { record: 'record-from-answer' }), 422, '10015', '/record');
  assertRefused(await dial([TO, '+13125550178']), 422, '10015', '/to');
  const id = (await dial(TO)).body.data.call_control_id;
  assertRefused(await action(id, 'streaming_stop'), 422, '10015');
});

test('requests_without_a_key_are_401', async (t) => {
  const { call } = await startAll(t, { scenario: { account: { apiKeys: ['KEYright'] } } });
  const body = {};
  assertRefused(await call('POST', '/v2/calls', body, { authorization: '' }), 401, '10009');
  assertRefused(await call('POST', '/v2/calls', body, { authorization: 'Bearer KEYwrong' }), 401, '10009');
  assert.equal((await call('POST', '/v2/calls', body, { authorization: 'Bearer KEYright' })).status, 422);
});

test('bodies_that_are_no_JSON_object_are_400', async (t) => {
  const { call } = await startAll(t);
  assertRefused(await call('POST', '/v2/calls', '{"to":'), 400, '10015');
  assertRefused(await call('POST', '/v2/calls', '[]'), 400, '10015');
  assertRefused(await call('POST', '/v2/calls', '{}', { 'content-type': 'text/plain' }), 400, '10015');
  const invalid = await fetch((await startAll(t)).sim.url + '/v2/calls', {
    method: 'POST',
    headers: { authorization: 'Bearer K', 'content-type': 'application/json' },
    body: Buffer.from([0x7b, 0xff, 0x7d]),
  });
  assertRefused({ status: invalid.status, body: await invalid.json() }, 400, '10028');
  assertRefused(await call('POST', '/v2/calls', 'x'.repeat(1024 * 1024 + 1)), 413, '10015');
});

test('unknown_places_are_404_and_wrong_methods_405', async (t) => {
  const { call } = await startAll(t);
  assertRefused(await call('GET', '/v2/nothing'), 404, '10007');
  assertRefused(await call('GET', '/calls'), 404, '10007');
  assertRefused(await call('DELETE', '/v2/calls'), 405, '10007');
});

test('page_parameters_are_checked', async (t) => {
  const { call } = await startAll(t);
  const list = (query) => call('GET', `/v2/connections/1/active_calls?${query}`);
  assertRefused(await list('page[limit]=0'), 422, '10033', '/page/limit');
  assertRefused(await list('page[limit]=many'), 422, '10015', '/page/limit');
  assertRefused(await list('page[next]=1'), 422, '10015', '/page/next');
  assertRefused(await list('page[after]=nothing'), 422, '10015');
  assert.equal((await list('page[limit]=250')).status, 200);
});

test('a_repeated_dial_gets_the_first_answer_and_rings_once', async (t) => {
  const { dial, control } = await startAll(t);
  const first = await dial(TO, { command_id: 'one' });
  const again = await dial(TO, { command_id: 'one' });
  const other = await dial(TO, { command_id: 'two' });

  assert.deepEqual(again.body, first.body);
  assert.notEqual(other.body.data.call_leg_id, first.body.data.call_leg_id);
  assert.equal((await control('GET', 'legs')).body.legs.length, 2);
  const { requests } = (await control('GET', 'requests')).body;
  assert.deepEqual(requests.map(({ isRepeat }) => isRepeat), [false, true, false]);
});

test('a_repeated_hangup_gets_the_first_answer_instead_of_90018', async (t) => {
  const { dial, action } = await startAll(t);
  const [a, b] = [(await dial(TO)).body.data, (await dial(TO)).body.data];
  assert.equal((await action(a.call_control_id, 'hangup', { command_id: 'one' })).status, 200);
  assert.equal((await action(a.call_control_id, 'hangup', { command_id: 'one' })).status, 200);
  assertRefused(await action(a.call_control_id, 'hangup', { command_id: 'two' }), 422, '90018');
  /* The same command_id on another call is another command. */
  assert.equal((await action(b.call_control_id, 'hangup', { command_id: 'one' })).status, 200);
});

test('a_command_id_is_forgotten_after_its_window', async (t) => {
  const { dial } = await startAll(t, { scenario: { commandWindowMs: 40 } });
  const first = await dial(TO, { command_id: 'one' });
  await sleep(60);
  const later = await dial(TO, { command_id: 'one' });
  assert.notEqual(later.body.data.call_leg_id, first.body.data.call_leg_id);
});

test('a_refused_command_may_be_repeated', async (t) => {
  const { dial } = await startAll(t, { scenario: { account: { connections: ['1'] } } });
  assertRefused(await dial(TO, { command_id: 'one' }), 422, '10015', '/connection_id');
  assert.equal((await dial(TO, { command_id: 'one', connection_id: '1' })).status, 200);
});

test('dials_beyond_the_rolling_limit_are_429_with_code_90103', async (t) => {
  const limited = (dialWindowMs) => ({ limits: { dialsPerSecond: 3000 / dialWindowMs, dialWindowMs } });
  const { control, dial } = await startAll(t, { scenario: limited(60_000) });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await dial(TO)).status);
  const refused = await dial(TO);
  assert.deepEqual(statuses, [200, 200, 200]);
  assertRefused(refused, 429, '90103');
  assert.equal(refused.headers.get('x-ratelimit-limit'), '3');
  const resetSecs = Number(refused.headers.get('x-ratelimit-reset'));
  assert.ok(resetSecs >= 1 && resetSecs <= 60, `${resetSecs} s`);
  await control('POST', 'scenario', limited(30));
  await sleep(50);
  assert.equal((await dial(TO)).status, 200);
});

test('a_call_too_many_fails_with_sip_403', async (t) => {
  const { dial, receiver } = await startAll(t, { scenario: { limits: { concurrentCalls: 1 } } });
  const first = (await dial(TO)).body.data;
  const second = await dial(TO);
  assert.equal(second.status, 200);
  const { data } = await receiver.seen('call.hangup');
  assert.equal(data.payload.sip_hangup_cause, '403');
  assert.equal(data.payload.call_leg_id, second.body.data.call_leg_id);
  const answered = await receiver.seen('call.answered');
  assert.equal(answered.data.payload.call_leg_id, first.call_leg_id);
});
