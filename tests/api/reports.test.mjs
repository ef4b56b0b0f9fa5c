/* The agent's reports during a call: how warm the lead is, and which phase they talk in. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  TIME,
  admin,
  agent,
  answerCall,
  endAllCalls,
  endCall,
  eventsOf,
  expectInvalid,
  expectProblem,
  expectStatus,
  foreignId,
  getCall,
  newAnsweredCall,
  newCall,
  query,
  sleep,
} from './support.mjs';

let override;

/* suggestTransfer depends on Kevin; he gets back what he had. */
before(async () => {
  ({ override } = (await admin.get('/api/kevin/availability')).body.data);
  await setKevin(true);
});
after(async () => {
  await endAllCalls();
  expectStatus(await admin.put('/api/kevin/availability', override ?? { available: null }), 200);
});

const setKevin = async (available) => expectStatus(await admin.put('/api/kevin/availability', { available }), 200);
const report = (callId, engagementScore, more) =>
  agent.post('/api/agent/engagement-score', { callId, engagementScore, ...more });
const reported = async (...args) => expectStatus(await report(...args), 200).body.data;
const enter = (callId, phase, more) => agent.post('/api/agent/phase-transition', { callId, phase, ...more });
const entered = async (...args) => expectStatus(await enter(...args), 200).body.data.phases;
const opportunities = async (callId) => (await eventsOf(callId)).filter((kind) => kind === 'call.opportunity').length;
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

describe('an engagement report', () => {
  test('is answered with the score and whether to offer Kevin', async () => {
    const { callId } = await newAnsweredCall();
    assert.deepEqual(await reported(callId, 42), { callId, engagementScore: 42, suggestTransfer: false });
    assert.deepEqual(await reported(callId, 85), { callId, engagementScore: 85, suggestTransfer: true });
    assert.deepEqual(await reported(callId, 84.99), { callId, engagementScore: 84.99, suggestTransfer: false });
    assert.deepEqual(await reported(callId, 100), { callId, engagementScore: 100, suggestTransfer: true });
    assert.deepEqual(await reported(callId, 0), { callId, engagementScore: 0, suggestTransfer: false });
    await endCall(callId);
  });

  test('is kept with phase, indicators and time', async () => {
    const { callId } = await newAnsweredCall();
    const measures = { positiveLanguage: 80, tonalShift: -0.25, nested: { 'ä€😀': [1, 2] } };
    await reported(callId, 50.5, { indicators: ['asked a question', 'ä€😀'], phase: 3 });
    await reported(callId, 60, { indicators: measures, phase: 4 });
    await reported(callId, 55);
    const { engagement, phase } = await getCall(callId);
    assert.deepEqual([engagement.score, engagement.peak, phase], [55, 60, 4]);
    assert.deepEqual(
      engagement.indicators.map(({ phase: at, score, indicators }) => [at, score, indicators]),
      [
        [3, 50.5, ['asked a question', 'ä€😀']],
        [4, 60, measures],
        [4, 55, null],
      ],
    );
    for (const { timestamp } of engagement.indicators) assert.match(timestamp, TIME);
    await endCall(callId);
  });

  test('keeps two decimals', async () => {
    const { callId } = await newCall();
    assert.equal((await reported(callId, 33.333)).engagementScore, 33.33);
    assert.equal((await reported(callId, 33.337)).engagementScore, 33.34);
    assert.equal((await reported(callId, 1e1)).engagementScore, 10);
    await endCall(callId);
  });

  test('may come as a form', async () => {
    const { callId } = await newCall();
    const form = new URLSearchParams([
      ['callId', callId],
      ['engagementScore', '71.5'],
      ['phase', '2'],
      ['indicators[]', 'one'],
      ['indicators[]', 'two'],
    ]);
    assert.equal(
      expectStatus(await agent.post('/api/agent/engagement-score', form), 200).body.data.engagementScore,
      71.5,
    );
    assert.deepEqual((await getCall(callId)).engagement.indicators[0].indicators, ['one', 'two']);
    await endCall(callId);
  });

  test('that is older than the newest is kept but does not lower the score', async () => {
    const { callId } = await newAnsweredCall();
    await reported(callId, 90);
    await reported(callId, 20, { at: ago(30) });
    const { engagement, score } = await getCall(callId);
    assert.deepEqual([score, engagement.score, engagement.peak], [90, 90, 90]);
    assert.deepEqual(
      engagement.indicators.map((entry) => entry.score),
      [20, 90],
    );
    await reported(callId, 30);
    assert.equal((await getCall(callId)).score, 30);
    await endCall(callId);
  });

  test('that is older does not lead back to an older phase', async () => {
    const { callId } = await newAnsweredCall();
    await reported(callId, 50, { phase: 6 });
    await reported(callId, 40, { phase: 2, at: ago(30) });
    assert.equal((await getCall(callId)).phase, 6);
    await endCall(callId);
  });

  test('reports at once all arrive', async () => {
    const { callId } = await newAnsweredCall();
    const scores = Array.from({ length: 12 }, (_, i) => 10 + i);
    const answers = await Promise.all(scores.map((score) => report(callId, score)));
    for (const answer of answers) expectStatus(answer, 200);
    const { engagement } = await getCall(callId);
    assert.deepEqual(
      engagement.indicators.map(({ score }) => score).sort((a, b) => a - b),
      scores,
    );
    assert.equal(engagement.peak, 21);
    await endCall(callId);
  });

  test('before the answer is kept and leaves the status; the answer then leads straight to in-progress', async () => {
    const call = await newCall();
    const { status } = await getCall(call.callId);
    await reported(call.callId, 12);
    const early = await getCall(call.callId);
    assert.ok(['initiated', 'ringing'].includes(early.status), `${status} became ${early.status}`);
    assert.equal(early.score, 12);
    assert.equal((await answerCall(call)).status, 'in-progress');
    const statuses = await query(
      "select payload ->> 'status' as status from vals.event_log where call_id = :'id' and kind = 'call.status' order by id",
      { id: call.callId },
    );
    assert.ok(!statuses.some((event) => event.status === 'active'));
    await endCall(call.callId);
  });

  test('after the answer leads to in-progress, once', async () => {
    const { callId } = await newAnsweredCall();
    assert.equal((await getCall(callId)).status, 'active');
    await reported(callId, 12);
    await reported(callId, 13);
    assert.equal((await getCall(callId)).status, 'in-progress');
    const told = await query(
      "select id from vals.event_log where call_id = :'id' and payload ->> 'status' = 'in-progress'",
      { id: callId },
    );
    assert.equal(told.length, 1);
    await endCall(callId);
  });

  test('after the end is kept, changes no status and suggests nothing', async () => {
    const { callId } = await newAnsweredCall();
    await endCall(callId);
    assert.deepEqual(await reported(callId, 95), { callId, engagementScore: 95, suggestTransfer: false });
    const { status, engagement } = await getCall(callId);
    assert.deepEqual([status, engagement.indicators.length], ['completed', 1]);
    assert.equal(await opportunities(callId), 0);
  });

  test('of a hot lead tells of the opportunity', async () => {
    const { callId } = await newAnsweredCall();
    await reported(callId, 84);
    assert.equal(await opportunities(callId), 0);
    await reported(callId, 92.5);
    const [{ payload }] = await query(
      "select payload from vals.event_log where call_id = :'id' and kind = 'call.opportunity'",
      { id: callId },
    );
    assert.deepEqual([payload.callId, payload.engagementScore, payload.suggestTransfer], [callId, 92.5, true]);
    await endCall(callId);
  });

  test('suggests nothing while Kevin is away', async () => {
    const { callId } = await newAnsweredCall();
    await setKevin(false);
    try {
      assert.equal((await reported(callId, 99)).suggestTransfer, false);
      assert.equal(await opportunities(callId), 0);
    } finally {
      await setKevin(true);
    }
    assert.equal((await reported(callId, 99)).suggestTransfer, true);
    await endCall(callId);
  });

  test('about an unknown call is 404', async () => {
    expectProblem(await report(foreignId(), 50), 404, 'NOT_FOUND');
  });
});

describe('an engagement report that is refused', () => {
  let callId;
  before(async () => {
    ({ callId } = await newCall());
  });
  after(async () => {
    assert.deepEqual((await getCall(callId)).engagement.indicators, []);
  });

  test('names what is missing', async () => {
    expectInvalid(await agent.post('/api/agent/engagement-score', {}), 'callId', 'engagementScore');
  });

  for (const score of [-0.01, 100.01, 101, -1, 1e15, '85', 'hot', true, null, [50], {}])
    test(`has the score ${JSON.stringify(score)}`, async () => {
      expectInvalid(await report(callId, score), 'engagementScore');
    });

  for (const phase of [0, 13, 1.5, '3', null, true])
    test(`has the phase ${JSON.stringify(phase)}`, async () => {
      expectInvalid(await report(callId, 50, { phase }), 'phase');
    });

  for (const [what, indicators] of [
    ['33 indicators', Array(33).fill('x')],
    ['an indicator of 65 characters', ['x'.repeat(65)]],
    ['an empty indicator', ['']],
    ['a number among the indicators', ['x', 1]],
    ['a text for indicators', 'x'],
    ['more than 8 KiB of measures', { x: 'y'.repeat(8192) }],
  ])
    test(`has ${what}`, async () => {
      expectInvalid(await report(callId, 50, { indicators }), 'indicators');
    });

  for (const at of [
    'now',
    1769871845,
    '2026-02-30T00:00:00Z',
    '2026-01-31T10:00:00',
    '2026-01-31T10:00:00+99:99',
    null,
  ])
    test(`has the time ${JSON.stringify(at)}`, async () => {
      expectInvalid(await report(callId, 50, { at }), 'at');
    });

  test('has a field nobody knows', async () => {
    expectInvalid(await report(callId, 50, { score: 1, suggestTransfer: true }), 'score', 'suggestTransfer');
  });
});

describe('the largest engagement report', () => {
  test('has 32 indicators of 64 characters each', async () => {
    const { callId } = await newCall();
    const indicators = Array(32).fill('ü'.repeat(64));
    await reported(callId, 50, { indicators });
    assert.deepEqual((await getCall(callId)).engagement.indicators[0].indicators, indicators);
    await endCall(callId);
  });
});

describe('a phase transition', () => {
  test('closes the open phase with its outcome and opens the new one', async () => {
    const { callId } = await newAnsweredCall();
    const phases = await entered(callId, 2, { outcome: 'advanced', notes: 'kind\nvoice' });
    assert.deepEqual([phases.current, phases.completed], [2, 1]);
    const [first, second] = phases.progression;
    assert.deepEqual(
      [first.phase, first.name, first.outcome, first.notes],
      [1, 'Greeting & Introduction', 'advanced', 'kind\nvoice'],
    );
    assert.deepEqual(
      [second.phase, second.name, second.outcome, second.notes],
      [2, 'Purpose & Permission', null, null],
    );
    assert.match(first.enteredAt, TIME);
    assert.ok(Number.isInteger(first.durationMs) && first.durationMs >= 0);
    assert.equal(second.enteredAt, first.leftAt);
    assert.deepEqual([second.leftAt, second.durationMs], [null, null]);
    assert.deepEqual((await getCall(callId)).phases, phases);
    await endCall(callId);
  });

  test('may jump forwards and backwards', async () => {
    const { callId } = await newAnsweredCall();
    for (const phase of [9, 3, 12, 1, 11]) await entered(callId, phase);
    const { phases } = await getCall(callId);
    assert.deepEqual(
      phases.progression.map(({ phase }) => phase),
      [1, 9, 3, 12, 1, 11],
    );
    assert.equal(phases.progression.filter(({ leftAt }) => leftAt === null).length, 1);
    await endCall(callId);
  });

  test('counts as completed the distinct phases left with advanced or positive', async () => {
    const { callId } = await newAnsweredCall();
    const completed = [];
    for (const [phase, outcome] of [
      [2, 'advanced'],
      [3, 'positive'],
      [2, 'stalled'],
      [4, 'advanced'],
      [5, 'objection'],
      [1, undefined],
      [2, 'advanced'],
    ])
      completed.push((await entered(callId, phase, outcome && { outcome })).completed);
    assert.deepEqual(completed, [1, 2, 2, 2, 2, 2, 2]);
    await endCall(callId);
  });

  test('into the phase that is open only notes the outcome', async () => {
    const { callId } = await newAnsweredCall();
    await entered(callId, 2);
    const phases = await entered(callId, 2, { outcome: 'positive' });
    assert.deepEqual(
      phases.progression.map(({ phase, outcome, leftAt }) => [phase, outcome, leftAt !== null]),
      [
        [1, null, true],
        [2, 'positive', false],
      ],
    );
    assert.equal(phases.completed, 0);
    assert.equal((await entered(callId, 3)).completed, 1);
    await endCall(callId);
  });

  test('happens at the time it names', async () => {
    const { callId } = await newAnsweredCall();
    await sleep(40);
    const at = ago(0);
    await sleep(40);
    const { progression } = await entered(callId, 2, { at });
    assert.deepEqual([progression[0].leftAt, progression[1].enteredAt], [at, at]);
    await endCall(callId);
  });

  test('never lasts less than nothing, whatever time it names', async () => {
    const { callId } = await newAnsweredCall();
    await entered(callId, 2, { at: ago(3600) });
    await entered(callId, 3, { at: new Date(Date.now() + 3_600_000).toISOString() });
    await entered(callId, 4);
    const { phases, startTime } = await getCall(callId);
    for (const { enteredAt, durationMs } of phases.progression) {
      assert.ok(enteredAt >= startTime && enteredAt <= new Date(Date.now() + 1000).toISOString(), enteredAt);
      assert.ok(durationMs === null || durationMs >= 0);
    }
    await endCall(callId);
  });

  test('leads an answered call to in-progress', async () => {
    const { callId } = await newAnsweredCall();
    await entered(callId, 2);
    assert.equal((await getCall(callId)).status, 'in-progress');
    await endCall(callId);
  });

  test('before the answer leaves the status; the answer then leads straight to in-progress', async () => {
    const call = await newCall();
    await entered(call.callId, 2);
    assert.ok(['initiated', 'ringing'].includes((await getCall(call.callId)).status));
    assert.equal((await answerCall(call)).status, 'in-progress');
    await endCall(call.callId);
  });

  test('is told with the phase before', async () => {
    const { callId } = await newAnsweredCall();
    await entered(callId, 5, { outcome: 'stalled' });
    const [{ payload }] = await query(
      "select payload from vals.event_log where call_id = :'id' and kind = 'call.phase'",
      { id: callId },
    );
    const { phase, phaseName, previous, outcome } = payload;
    assert.deepEqual(
      [payload.callId, phase, phaseName, previous, outcome],
      [callId, 5, 'Goals & Motivation', 1, 'stalled'],
    );
    await endCall(callId);
  });

  test('after the end is 409', async () => {
    const { callId } = await newAnsweredCall();
    await endCall(callId);
    expectProblem(await enter(callId, 2), 409, 'CALL_OVER');
  });

  test('of an unknown call is 404', async () => {
    expectProblem(await enter(foreignId(), 2), 404, 'NOT_FOUND');
  });

  test('that is refused names its fields and changes nothing', async () => {
    const { callId } = await newAnsweredCall();
    expectInvalid(await agent.post('/api/agent/phase-transition', {}), 'callId', 'phase');
    for (const phase of [0, 13, 2.5, '2', null]) expectInvalid(await enter(callId, phase), 'phase');
    expectInvalid(
      await enter(callId, 2, { outcome: 'won', notes: 'x'.repeat(1001), at: 'soon' }),
      'at',
      'notes',
      'outcome',
    );
    expectInvalid(await enter(callId, 2, { at: '2026-13-01T00:00:00Z' }), 'at');
    expectInvalid(await enter(callId, 2, { phaseName: 'Rapport' }), 'phaseName');
    assert.equal((await getCall(callId)).phases.progression.length, 1);
    await endCall(callId);
  });
});
