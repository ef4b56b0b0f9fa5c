/* What happens to a call: order of webhooks, results of numbers, commands. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Contract } from '../contract.mjs';
import { CONNECTION, eventually, startAll } from './helpers.mjs';

const contract = new Contract();
const AMD = { answering_machine_detection: 'premium' };

test('dial_answer_hangup_arrive_in_order_and_fit_the_description', async (t) => {
  const { dial, action, receiver } = await startAll(t);
  const dialled = await dial('+13125550177', { ...AMD, client_state: 'eyJ2IjoxfQ==' });

  assert.equal(dialled.status, 200);
  assert.equal(contract.answerErrors('DialCall', dialled.body), null);
  await receiver.seen('call.machine.premium.detection.ended');
  await action(dialled.body.data.call_control_id, 'hangup');
  await receiver.seen('call.hangup');

  assert.deepEqual(receiver.told(), [
    'call.initiated', 'call.answered', 'call.machine.premium.detection.ended', 'call.hangup',
  ]);
  const times = receiver.events.map(({ data }) => data.occurred_at);
  assert.deepEqual(times, [...times].sort());
  for (const { data } of receiver.events) {
    assert.equal(contract.eventErrors(data), null, data.event_type);
    assert.equal(data.payload.client_state, 'eyJ2IjoxfQ==');
    assert.equal(data.payload.call_leg_id, dialled.body.data.call_leg_id);
  }
  const { payload } = receiver.events.at(-1).data;
  assert.deepEqual([payload.hangup_cause, payload.hangup_source], ['normal_clearing', 'caller']);
});

test('dial_answer_has_no_id_and_is_not_alive', async (t) => {
  const { dial } = await startAll(t);
  const { data } = (await dial('+13125550177')).body;

  assert.equal(data.id, undefined);
  assert.equal(data.call_state, undefined);
  assert.equal(data.is_alive, false);
  assert.match(data.call_control_id, /^v3:[\w-]{54}(==)?$/);
});

for (const [to, cause, fields] of [
  ['+13125550101', 'user_busy', {}],
  ['+13125550102', 'no_answer', {}],
  ['+13125550102', 'timeout', { retry_on_timeout: true }],
  ['+13125550104', 'call_rejected', {}],
  ['+13125550105', 'not_found', {}],
]) {
  test(`${to} ends with ${cause} and is never answered`, async (t) => {
    const { dial, receiver } = await startAll(t);
    await dial(to, { timeout_secs: 10, ...fields });
    const { data } = await receiver.seen('call.hangup');

    assert.equal(data.payload.hangup_cause, cause);
    assert.deepEqual(receiver.told(), ['call.initiated', 'call.hangup']);
  });
}

test('answering_machine_is_reported_with_the_words_of_the_mode', async (t) => {
  const { dial, receiver } = await startAll(t);
  await dial('+13125550103', AMD);
  const premium = await receiver.seen('call.machine.premium.detection.ended');
  const beep = await receiver.seen('call.machine.premium.greeting.ended');
  assert.equal(premium.data.payload.result, 'machine');
  assert.equal(beep.data.payload.result, 'beep_detected');

  await dial('+13125550103', { answering_machine_detection: 'greeting_end' });
  const plain = await receiver.seen('call.machine.detection.ended');
  const ended = await receiver.seen('call.machine.greeting.ended');
  assert.equal(plain.data.payload.result, 'machine');
  assert.equal(ended.data.payload.result, 'ended');
  for (const { data } of receiver.events) assert.equal(contract.eventErrors(data), null);
});

test('without_detection_there_is_no_verdict', async (t) => {
  const { dial, receiver } = await startAll(t, {
    scenario: { rules: [{ result: 'machine', ringMs: 100, hangUpAfterMs: 20_000 }] },
  });
  await dial('+13125550103');
  await receiver.seen('call.hangup');
  assert.deepEqual(receiver.told(), ['call.initiated', 'call.answered', 'call.hangup']);
});

test('a_lead_can_hang_up_and_a_time_limit_ends_the_call', async (t) => {
  const { dial, receiver } = await startAll(t, {
    scenario: {
      rules: [
        { suffix: '11', result: 'human', ringMs: 100, hangUpAfterMs: 3000 },
        { result: 'human', ringMs: 100 },
      ],
    },
  });
  await dial('+13125550111');
  const left = await receiver.seen('call.hangup');
  assert.deepEqual([left.data.payload.hangup_cause, left.data.payload.hangup_source], ['normal_clearing', 'callee']);

  await dial('+13125550112', { time_limit_secs: 30 });
  const over = await eventually(() => receiver.events.filter(({ data }) => data.event_type === 'call.hangup')[1]);
  assert.equal(over.data.payload.hangup_cause, 'time_limit');
});

test('hangup_before_the_answer_cancels_the_dial', async (t) => {
  const { dial, action, receiver } = await startAll(t);
  const { data } = (await dial('+13125550102', { timeout_secs: 600 })).body;
  await receiver.seen('call.initiated');
  assert.equal((await action(data.call_control_id, 'hangup')).status, 200);
  const hangup = await receiver.seen('call.hangup');
  assert.equal(hangup.data.payload.hangup_cause, 'originator_cancel');
});

test('commands_on_an_ended_call_are_90018_and_on_an_unknown_one_90015', async (t) => {
  const { dial, action, call } = await startAll(t);
  const id = (await dial('+13125550177')).body.data.call_control_id;
  await action(id, 'hangup');

  const ended = await action(id, 'hangup');
  assert.deepEqual([ended.status, ended.body.errors[0].code], [422, '90018']);
  const unknown = await action('v3:nothing', 'hangup');
  assert.deepEqual([unknown.status, unknown.body.errors[0].code], [422, '90015']);
  assert.equal(unknown.body.errors[0].source.pointer, '/call_control_id');
  assert.equal((await call('GET', '/v2/calls/v3%3Anothing')).body.errors[0].code, '90015');
});

test('status_of_a_call_follows_its_life', async (t) => {
  const { dial, action, call, receiver } = await startAll(t);
  const id = (await dial('+13125550177')).body.data.call_control_id;
  const status = async () => (await call('GET', `/v2/calls/${encodeURIComponent(id)}`)).body;

  await receiver.seen('call.answered');
  const during = await status();
  assert.equal(contract.answerErrors('RetrieveCallStatus', during), null);
  assert.equal(during.data.is_alive, true);
  await action(id, 'hangup');
  assert.equal((await status()).data.is_alive, false);
});

test('client_state_update_is_told_by_later_webhooks', async (t) => {
  const { dial, action, call, receiver } = await startAll(t);
  const id = (await dial('+13125550177', { client_state: 'YQ==' })).body.data.call_control_id;
  const update = await call('PUT', `/v2/calls/${encodeURIComponent(id)}/actions/client_state_update`, {
    client_state: 'Yg==',
  });
  assert.equal(update.status, 200);
  await action(id, 'hangup');
  assert.equal((await receiver.seen('call.hangup')).data.payload.client_state, 'Yg==');
});

test('active_calls_come_in_cursor_pages', async (t) => {
  const { dial, action, call } = await startAll(t);
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push((await dial('+13125550177')).body.data.call_control_id);
  await action(ids.shift(), 'hangup');

  const found = [];
  let after = '';
  do {
    const page = await call('GET', `/v2/connections/${CONNECTION}/active_calls?page[limit]=3${after}`);
    assert.equal(contract.answerErrors('ListConnectionActiveCalls', page.body), null);
    found.push(...page.body.data.map((leg) => leg.call_control_id));
    after = page.body.meta.cursors.after && `&page[after]=${page.body.meta.cursors.after}`;
  } while (after);
  assert.deepEqual(found, ids);
  const other = await call('GET', '/v2/connections/1/active_calls');
  assert.deepEqual(other.body.data, []);
});

test('linked_calls_share_the_session', async (t) => {
  const { dial } = await startAll(t);
  const lead = (await dial('+13125550177')).body.data;
  const closer = (await dial('+13125550188', { link_to: lead.call_control_id })).body.data;
  assert.equal(closer.call_session_id, lead.call_session_id);
  assert.notEqual(closer.call_leg_id, lead.call_leg_id);

  const unknown = await dial('+13125550188', { link_to: 'v3:nothing' });
  assert.equal(unknown.body.errors[0].source.pointer, '/link_to');
});

test('a_rule_with_times_is_used_up', async (t) => {
  const { dial, receiver } = await startAll(t, {
    scenario: { rules: [{ result: 'busy', ringMs: 100, times: 1 }, { result: 'human', ringMs: 100 }] },
  });
  await dial('+13125550177');
  await receiver.seen('call.hangup');
  await dial('+13125550177');
  await receiver.seen('call.answered');
});

test('the_same_seed_gives_the_same_times', async (t) => {
  const { Scenario } = await import('../scenario.mjs');
  const rings = () => {
    const scenario = Scenario.read();
    return Array.from({ length: 20 }, () => scenario.behaviour('+13125550177').ringMs);
  };
  const first = rings();
  assert.deepEqual(first, rings());
  assert.ok(new Set(first).size > 5);
});
