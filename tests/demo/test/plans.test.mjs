/* The conversations: believable, varied, repeatable. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { seededRandom } from '../../telnyx-sim/random.mjs';
import { retryAfterMs } from '../client.mjs';
import { drawPlan, HOT, pickWeighted } from '../plans.mjs';

function draw(count, seed = 3, options) {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawPlan(random, options));
}

const peak = (plan) => Math.max(...plan.steps.map(({ score }) => score));

test('the_same_seed_gives_the_same_conversations', () => {
  assert.deepEqual(draw(20), draw(20));
  assert.notDeepEqual(draw(20), draw(20, 4));
});

test('some_conversations_get_hot_and_stay_so_and_some_do_not', () => {
  const plans = draw(300);
  const hot = plans.filter((plan) => peak(plan) >= HOT);
  assert.ok(hot.length > 60 && hot.length < 180, `${hot.length} of 300 hot`);
  for (const plan of hot.filter(({ name }) => name === 'hot')) {
    const hotMs = plan.steps.filter(({ score }) => score >= HOT).reduce((sum, { waitMs }) => sum + waitMs, 0);
    assert.ok(hotMs > 15_000, `hot for ${hotMs} ms`);
  }
  assert.deepEqual(new Set(plans.map(({ name }) => name)), new Set(['hot', 'warm', 'objecting', 'fading', 'cold']));
});

test('an_opener_passes_85_in_less_than_16_seconds_of_talk', () => {
  for (const plan of draw(50, 5, { isOpener: true })) {
    let ms = 0;
    for (const step of plan.steps) {
      ms += step.waitMs;
      if (step.score >= HOT) break;
    }
    assert.ok(ms < 16_000, `${ms} ms`);
  }
});

test('the_phase_in_which_a_lead_objects_ends_with_the_outcome_objection', () => {
  for (const { steps } of draw(100).filter(({ name }) => name === 'objecting')) {
    const left = steps.findIndex(({ transition }) => transition?.outcome === 'objection');
    assert.ok(left > 0);
    assert.equal(steps[left - 1].phase, 9);
    assert.equal(steps[left].phase < 9, true, 'it goes back a phase');
  }
});

test('only_a_first_contact_can_be_the_last', () => {
  const final = (plans) => plans.filter(({ outcome }) => ['disqualified', 'do_not_call'].includes(outcome)).length;
  assert.equal(final(draw(1000)), 0);
  assert.ok(final(draw(1000, 3, { isFirstContact: true })) > 0);
});

test('weights_are_kept', () => {
  const random = seededRandom(1);
  const counts = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 10_000; i++) counts[pickWeighted(random, { a: 80, b: 20, c: 0 })] += 1;
  assert.ok(Math.abs(counts.a - 8000) < 200);
  assert.equal(counts.c, 0);
});

test('retry_after_is_read_as_seconds_or_date', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  assert.equal(retryAfterMs('7'), 7000);
  assert.equal(retryAfterMs('Tue, 01 Jan 2030 00:00:09 GMT', now), 9000);
  assert.equal(retryAfterMs(null), null);
  assert.equal(retryAfterMs('soon'), null);
});
