/* The demo as a whole, many times as fast as life, against a fake API. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Demo } from '../demo.mjs';
import { HOT } from '../plans.mjs';
import { startFakeApi } from './fake-api.mjs';

const PACE = 50;
const OUTCOME = /^(zoom_scheduled|follow_up|video_sent|callback|not_interested|disqualified|do_not_call)$/;
const DRIVER = fileURLToPath(new URL('../driver.mjs', import.meta.url));

async function eventually(probe, what, withinMs = 240_000) {
  const deadline = Date.now() + withinMs;
  while (!probe()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(5);
  }
}

/* A demo running against a fake API; both end with the test. */
async function startDemo(t, { pace = PACE, ...options } = {}) {
  const api = await startFakeApi(options);
  const lines = [];
  const demo = new Demo({ url: api.url, key: 'vals_test', seed: 7, pace, log: (line) => lines.push(line) });
  const running = demo.run();
  t.after(async () => {
    demo.stop();
    await running;
    api.stop();
  });
  return { api, demo, lines, running, ended: () => [...api.calls.values()].filter(({ end }) => end) };
}

test('it_keeps_three_to_five_calls_alive_and_never_more', async (t) => {
  const { api, ended } = await startDemo(t);
  await eventually(() => api.live.length >= 3, 'three calls');
  await eventually(() => ended().length >= 10, 'ten calls talked through');
  assert.ok(api.mostLive >= 3 && api.mostLive <= 5, `${api.mostLive} at once`);
  assert.equal(new Set(api.live.map(({ leadId }) => leadId)).size, api.live.length);
});

test('the_first_call_is_hot_within_25_seconds', async (t) => {
  /* Slower than the others, and by the demo's own looks, one a second: a machine that pauses stops both. */
  const pace = 10;
  const { api } = await startDemo(t, { pace, answerMs: 3000 / pace });
  const looks = () => api.requests.filter(({ route }) => route === 'GET /api/calls/active').length;
  const hotAfter = await new Promise((resolve) => {
    api.answer = ({ route, body }) => {
      if (route === 'POST /api/agent/engagement-score' && body.engagementScore >= HOT)
        resolve({ callId: body.callId, looks: looks() });
      return null;
    };
  });
  assert.ok(hotAfter.looks <= 25, `${hotAfter.looks} s`);
  assert.equal(hotAfter.callId, [...api.calls.keys()][0]);
});

test('the_first_impression_is_tried_again_until_somebody_answers', async (t) => {
  let dialled = 0;
  const { api } = await startDemo(t, { fate: () => (++dialled <= 3 ? 'busy' : 'human') });
  const isHot = ({ scores }) => scores.slice(0, 12).some(({ engagementScore }) => engagementScore >= HOT);
  await eventually(() => [...api.calls.values()].some(isHot), 'a quick hot call');
});

test('reports_and_phases_are_those_of_a_voice_agent', async (t) => {
  const { api, ended } = await startDemo(t);
  await eventually(() => ended().length >= 10, 'ten calls');
  for (const { scores, phases, end } of ended()) {
    for (const { engagementScore, phase, indicators } of scores) {
      assert.ok(engagementScore >= 0 && engagementScore <= 100);
      assert.ok(phase >= 1 && phase <= 12);
      assert.ok(Array.isArray(indicators) ? indicators.length <= 32 : Object.keys(indicators).length > 0);
    }
    assert.ok(scores.length >= 5);
    assert.ok(new Set(phases).size > 1);
    assert.match(end.finalStatus, OUTCOME);
  }
  const transitions = api.requests.filter(({ route }) => route.endsWith('phase-transition'));
  for (const { body } of transitions) assert.match(body.outcome, /^(advanced|stalled|objection|positive)$/);
});

test('busy_leads_and_leads_who_hang_up_are_replaced', async (t) => {
  const fates = ['busy', 'leaves', 'human'];
  let dialled = 0;
  const { api, lines } = await startDemo(t, { fate: () => fates[dialled++ % 3] });
  const overByThemselves = () => lines.filter((line) => line.includes('over-by-itself'));
  await eventually(() => overByThemselves().length >= 5, 'calls over by themselves');
  assert.ok(api.mostLive <= 5);
  for (const call of api.calls.values()) if (call.status === 'busy') assert.equal(call.end, null);
});

test('a_call_with_kevin_is_not_ended_by_the_agent', async (t) => {
  let dialled = 0;
  const { api, ended } = await startDemo(t, { fate: () => (dialled++ === 0 ? 'kevin' : 'human') });
  await eventually(() => ended().length >= 5, 'other calls ended');
  const [first] = api.calls.values();
  assert.equal(first.status, 'transferred');
  assert.equal(first.end, null);
});

test('it_survives_503_and_goes_on_with_the_same_calls', async (t) => {
  let isAway = false;
  const { api, ended } = await startDemo(t, {
    answer: () => (isAway ? { status: 503, headers: { 'retry-after': '1' }, body: {} } : null),
  });
  await eventually(() => api.live.length >= 3, 'three calls');
  const before = api.live.map(({ id }) => id);
  isAway = true;
  await sleep(200);
  isAway = false;
  await eventually(() => before.every((id) => api.calls.get(id).end), 'the calls ended by the agent');
  await eventually(() => ended().length >= 8, 'new calls');
});

test('it_keeps_quiet_as_long_as_429_asks_for', async (t) => {
  let limited = false;
  const { api } = await startDemo(t, {
    answer: () => (limited ? { status: 429, headers: { 'retry-after': '100' }, body: {} } : null),
  });
  await eventually(() => api.live.length >= 3, 'three calls');
  limited = true;
  await sleep(100);
  const before = api.requests.length;
  await sleep(250);
  const during = api.requests.length - before;
  limited = false;
  assert.ok(during <= 6, `${during} requests in the quiet`);
  await eventually(() => api.requests.length > before + 20, 'it goes on');
});

test('refusals_of_start_call_do_not_stop_it', async (t) => {
  const refusals = [409, 403, 404, 502];
  const { api, lines } = await startDemo(t, {
    answer: ({ route }) =>
      route === 'POST /api/agent/start-call' && refusals.length
        ? { status: refusals.shift(), body: { success: false, error: 'no' } }
        : null,
  });
  await eventually(() => api.live.length >= 3, 'three calls after all');
  for (const status of [409, 403, 404, 502])
    assert.ok(lines.some((line) => line.includes(`end=refused-${status}`)), `${status} is logged`);
});

test('a_lost_answer_to_start_call_is_asked_for_with_the_same_key', async (t) => {
  let lost = 0;
  const { api } = await startDemo(t, {
    answer: ({ route }) =>
      route === 'POST /api/agent/start-call' && lost++ === 0 ? { status: 503, body: {} } : null,
  });
  const starts = () => api.requests.filter(({ route }) => route.endsWith('start-call'));
  const again = () => starts().slice(1).find(({ body }) => body.leadId === starts()[0].body.leadId);
  await eventually(again, 'the same lead is called again');
  assert.ok(starts()[0].headers['idempotency-key']);
  assert.equal(again().headers['idempotency-key'], starts()[0].headers['idempotency-key']);
});

test('a_wrong_key_is_told_once_and_not_hammered', async (t) => {
  const api = await startFakeApi();
  const lines = [];
  const demo = new Demo({ url: api.url, key: 'wrong', seed: 7, pace: PACE, log: (line) => lines.push(line) });
  const running = demo.run();
  await eventually(() => lines.length > 0, 'a line');
  await sleep(1000);
  demo.stop();
  await running;
  api.stop();
  assert.deepEqual(lines, ['at=demo_wait reason="leads answered 401"']);
  assert.ok(api.requests.length < 150, `${api.requests.length} requests in 50 s`);
});

test('calls_of_a_killed_driver_are_ended_at_the_start', async (t) => {
  const { api } = await startDemo(t);
  await eventually(() => api.live.length >= 3, 'three calls');
  const orphans = api.live.map(({ id }) => id);
  const other = { id: 'other', leadId: 'x', agentVersion: 'v2', status: 'active', scores: [], phases: [], end: null };
  api.calls.set(other.id, other);

  const second = new Demo({ url: api.url, key: 'vals_test', seed: 8, pace: PACE });
  const running = second.run();
  await eventually(() => orphans.every((id) => api.calls.get(id).end), 'the orphans ended');
  second.stop();
  await running;
  assert.equal(other.end, null);
});

test('the_program_ends_its_calls_at_SIGTERM', async (t) => {
  const api = await startFakeApi();
  t.after(() => api.stop());
  const child = spawn(process.execPath, [DRIVER], {
    env: { ...process.env, VALS_URL: api.url, VALS_AGENT_KEY: 'vals_test' },
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  await eventually(() => api.live.length >= 2, 'two calls');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.deepEqual(api.live, []);
});

test('the_program_names_what_is_missing', async () => {
  const env = { PATH: process.env.PATH };
  const child = spawn(process.execPath, [DRIVER], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let reason = '';
  child.stderr.on('data', (chunk) => (reason += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, 2);
  assert.match(reason, /VALS_AGENT_KEY/);
});
