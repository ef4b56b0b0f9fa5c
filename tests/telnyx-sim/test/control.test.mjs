/* The /_sim/ interface: faults, legs, scenario, reset. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { eventually, startAll } from './helpers.mjs';

const TO = '+13125550177';

test('a_fault_answers_in_place_of_the_provider_so_often', async (t) => {
  const { dial, control } = await startAll(t);
  await control('POST', 'faults', { match: { method: 'POST', path: '^/v2/calls$' }, times: 2, status: 503 });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await dial(TO)).status);
  assert.deepEqual(statuses, [503, 503, 200]);
  assert.equal((await control('GET', 'legs')).body.legs.length, 1);
  assert.equal((await control('GET', 'faults')).body.faults[0].met, 2);
});

test('a_fault_can_skip_and_match_the_body', async (t) => {
  const { dial, control } = await startAll(t);
  const headers = { 'x-ratelimit-reset': '1' };
  await control('POST', 'faults', { match: { body: '0177' }, skip: 1, status: 429, headers });
  assert.equal((await dial('+13125550178')).status, 200);
  assert.equal((await dial(TO)).status, 200);
  const refused = await dial(TO);
  assert.deepEqual([refused.status, refused.body.errors[0].code], [429, '10011']);
  assert.equal(refused.headers.get('x-ratelimit-reset'), '1');
});

test('an_answer_can_be_lost_after_the_effect', async (t) => {
  const { dial, control } = await startAll(t);
  await control('POST', 'faults', { resetAfterExecuting: true });
  await assert.rejects(dial(TO, { command_id: 'one' }));
  assert.equal((await control('GET', 'legs')).body.legs.length, 1);
  const again = await dial(TO, { command_id: 'one' });
  assert.equal(again.status, 200);
  assert.equal((await control('GET', 'legs')).body.legs.length, 1);
});

test('a_request_can_be_lost_before_the_effect', async (t) => {
  const { dial, control } = await startAll(t);
  await control('POST', 'faults', { resetBeforeExecuting: true });
  await assert.rejects(dial(TO));
  assert.equal((await control('GET', 'legs')).body.legs.length, 0);
});

test('a_late_dial_answer_is_overtaken_by_its_webhook', async (t) => {
  const { dial, control, receiver } = await startAll(t);
  await control('POST', 'faults', { delayMs: 3000 });
  let isAnswered = false;
  const dialling = dial(TO).then((answer) => {
    isAnswered = true;
    return answer;
  });
  await receiver.seen('call.initiated');
  assert.equal(isAnswered, false);
  assert.equal((await dialling).status, 200);
});

test('legs_can_be_answered_and_hung_up_by_hand', async (t) => {
  const { dial, control, receiver } = await startAll(t);
  const { data } = (await dial('+13125550102', { timeout_secs: 600 })).body;
  await receiver.seen('call.initiated');
  const leg = `legs/${encodeURIComponent(data.call_control_id)}`;
  assert.equal((await control('POST', leg, { action: 'answer' })).body.state, 'answered');
  assert.equal((await control('POST', `legs/${data.call_leg_id}`, { action: 'hangup' })).body.state, 'ended');
  await eventually(() => receiver.events.length === 3, 'all is told');
  assert.deepEqual(receiver.told(), ['call.initiated', 'call.answered', 'call.hangup']);

  const newest = await control('GET', `legs/${encodeURIComponent('+13125550102')}`);
  assert.equal(newest.body.hangup.hangup_source, 'callee');
  assert.equal((await control('POST', leg, { action: 'explode' })).status, 400);
  assert.equal((await control('GET', 'legs/unknown')).status, 404);
});

test('the_request_log_tells_bodies_times_and_statuses', async (t) => {
  const { dial, control } = await startAll(t);
  await dial(TO);
  await dial('nobody');
  const { requests } = (await control('GET', 'requests')).body;
  assert.deepEqual(requests.map(({ status }) => status), [200, 422]);
  assert.equal(requests[0].operation, 'DialCall');
  assert.equal(requests[0].body.to, TO);
  assert.ok(requests[0].durationMs >= 0);
  assert.equal((await control('GET', 'requests?since=1')).body.requests.length, 1);
});

test('scenario_can_be_replaced_and_nonsense_is_refused', async (t) => {
  const { dial, control, receiver } = await startAll(t);
  assert.equal((await control('POST', 'scenario', { rules: [{ result: 'dances' }] })).status, 400);
  assert.equal((await control('POST', 'scenario', { rules: [{ suffix: '77', resullt: 'busy' }] })).status, 400);
  assert.equal((await control('POST', 'faults', { delay: 5 })).status, 400);
  assert.equal((await control('POST', 'webhooks', { dublicate: 5 })).status, 400);

  await control('POST', 'scenario', { rules: [{ suffix: '77', result: 'busy', ringMs: 10 }] });
  await dial(TO);
  assert.equal((await receiver.seen('call.hangup')).data.payload.hangup_cause, 'user_busy');
});

test('reset_forgets_everything_in_silence', async (t) => {
  const { dial, control, receiver } = await startAll(t);
  await control('POST', 'scenario', { rules: [] });
  await dial(TO, { command_id: 'one' });
  await receiver.seen('call.answered');
  await control('POST', 'faults', { status: 500 });
  await control('POST', 'reset');

  const lists = { legs: 'legs', requests: 'requests', faults: 'faults', webhooks: 'deliveries' };
  for (const [path, list] of Object.entries(lists))
    assert.deepEqual((await control('GET', path)).body[list], [], path);
  assert.ok((await control('GET', 'scenario')).body.scenario.rules.length > 1);
  assert.equal((await dial(TO, { command_id: 'one' })).status, 200);
  assert.equal(receiver.types().filter((type) => type === 'call.hangup').length, 0);
  await eventually(() => receiver.types().filter((type) => type === 'call.initiated').length === 2, 'a new call');
});

test('a_browser_gets_a_page_that_asks_no_foreign_host', async (t) => {
  const { sim } = await startAll(t);
  const response = await fetch(`${sim.url}/_sim/`, { headers: { accept: 'text/html,*/*' } });
  assert.match(response.headers.get('content-type'), /^text\/html/);
  const text = await response.text();
  assert.doesNotMatch(text, /(?:src|href)="(?!data:)|https?:\/\//);
  for (const what of ['legs', 'conferences', 'webhooks']) assert.ok(text.includes(`id="${what}"`));
});

test('a_preferred_rule_goes_first_until_forgotten', async (t) => {
  const { control, dial, receiver } = await startAll(t);
  assert.equal((await control('POST', 'rules', { regex: '0177$', result: 'busy', ringMs: 100 })).status, 200);
  await dial(TO);
  assert.equal((await receiver.seen('call.hangup')).data.payload.hangup_cause, 'user_busy');
  assert.equal((await control('POST', 'rules', { result: 'sings' })).status, 400);

  await control('DELETE', 'rules');
  await dial(TO);
  await receiver.seen('call.answered');
});

test('the_history_of_a_leg_tells_facts_and_commands', async (t) => {
  const { control, dial, action, receiver } = await startAll(t);
  const id = (await dial(TO)).body.data.call_control_id;
  await receiver.seen('call.answered');
  await action(id, 'hangup');
  const { history } = (await control('GET', `legs/${encodeURIComponent(id)}`)).body;
  assert.deepEqual(history.map(({ name }) => name), ['call.initiated', 'call.answered', 'HangupCall', 'call.hangup']);
  const times = history.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort());
});

test('refusals_are_logged_by_name', async (t) => {
  const { control, dial } = await startAll(t);
  await dial(TO, { unheard_of: 1 });
  const { requests } = (await control('GET', 'requests')).body;
  assert.deepEqual(requests.at(-1).refusals, [{ name: 'INVALID', pointer: '/unheard_of' }]);
});
