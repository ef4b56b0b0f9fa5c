/* The checker of the provider's log sees what it is there to see. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { violations } from './invariants.mjs';

const CALL = '7a0c1a52-0000-4000-8000-000000000001';
const TRANSFER = '7a0c1a52-0000-4000-8000-000000000002';

const seconds = (n) => new Date(Date.UTC(2030, 0, 1) + n * 1000).toISOString().replace('Z', '000Z');
const encoded = (state) => Buffer.from(JSON.stringify(state)).toString('base64');
const fact = (at, name, more) => ({ at: seconds(at), type: 'webhook', name, ...more });

const leg = (part, to, more) => ({
  callControlId: `v3:${part}`,
  to,
  dialState: encoded({ v: 1, call: CALL, leg: part, ...(part === 'closer' && { xfer: TRANSFER }) }),
  startedAt: seconds(0),
  answeredAt: null,
  endedAt: null,
  history: [],
  ...more,
});

const request = (at, operation, path, body, more) => ({
  at: seconds(at), method: 'POST', path, operation, params: {}, body, isRepeat: false, refusals: [], ...more,
});

const dial = (at, { dialState }, more) =>
  request(at, 'DialCall', '/v2/calls', { client_state: dialState, command_id: dialState, ...more });

const join = (at, more) => {
  const body = { call_control_id: 'v3:closer', command_id: 'j', ...more };
  return request(at, 'JoinConference', '/v2/conferences/c1/actions/join', body);
};

const hangupOf = (part, at) => {
  const id = `v3:${part}`;
  return request(at, 'HangupCall', `/v2/calls/${id}/actions/hangup`, { command_id: `h-${part}` }, {
    params: { call_control_id: id },
  });
};

/* A transfer as it should be: rung, briefed, accepted, joined, and over when the lead leaves. */
function goodLog() {
  const lead = leg('lead', '+13125550177', { answeredAt: seconds(5), endedAt: seconds(100) });
  const closer = leg('closer', '+13125550188', {
    startedAt: seconds(20),
    answeredAt: seconds(30),
    endedAt: seconds(101),
    history: [
      fact(31, 'GatherUsingSpeak', { type: 'command' }),
      fact(35, 'call.gather.ended', { status: 'valid', digits: '1' }),
    ],
  });
  const participants = ['lead', 'closer'].map((part) => ({ callControlId: `v3:${part}`, joinedAt: seconds(37) }));
  return {
    legs: [lead, closer],
    requests: [
      dial(0, lead),
      dial(20, closer),
      request(31, 'GatherUsingSpeak', '/v2/calls/v3:closer/actions/gather_using_speak', { command_id: 'g' }),
      request(36, 'CreateConference', '/v2/conferences', { name: `xfer-${TRANSFER}`, command_id: 'c' }),
      join(36.5),
      hangupOf('closer', 100.5),
    ],
    conferences: [{ id: 'c1', participants }],
    now: seconds(200),
  };
}

/* The same, but nobody ever joined. */
function failedLog() {
  const log = goodLog();
  log.conferences = [];
  log.requests = log.requests.filter(({ operation }) => operation !== 'JoinConference');
  return log;
}

const rulesBroken = (log) => [...new Set(violations(log).map(({ rule }) => rule))];

test('a transfer as it should be breaks no rule', () => assert.deepEqual(violations(goodLog()), []));

test('a failed transfer as it should be breaks no rule', () => assert.deepEqual(violations(failedLog()), []));

const JOINS = 'joinsOnlyWhoAcceptedHavingAnswered';
const STEPS = 'keepsTheIdOfAStep';

describe('a planted violation is seen:', () => {
  const planted = [
    ['a join before the answer', JOINS, (log) => (log.legs[1].answeredAt = null)],
    ['a join before the accept', JOINS, (log) => (log.legs[1].history[1].at = seconds(40))],
    ['a join after the wrong key', JOINS, (log) => (log.legs[1].history[1].status = 'invalid')],
    ['a join of a voicemail', JOINS, (log) => {
      log.legs[1].history = [fact(33, 'call.machine.premium.detection.ended', { result: 'machine' })];
    }],
    ['a join before any verdict', JOINS, (log) => {
      log.legs[1].history = [];
      log.legs[1].answeredAt = seconds(34);
    }],
    ['two closers for one transfer', 'dialsOneCloserPerTransfer', (log) =>
      log.legs.push({ ...log.legs[1], callControlId: 'x' })],
    ['two calls for one dial', 'makesOneCallPerDial', (log) => log.legs.push({ ...log.legs[0], callControlId: 'x' })],
    ['an ended conference', 'endsNobodysConference', (log) =>
      log.requests.push(request(50, 'EndConference', '/v2/conferences/c1/actions/end', { command_id: 'e' }))],
    ['a closer who takes all with him', 'endsNobodysConference', (log) =>
      (log.requests[4].body.end_conference_on_exit = true)],
    ['a closer left alone', 'leavesNoCloserAlone', (log) => (log.legs[1].endedAt = seconds(161))],
    ['a closer who is still alone', 'leavesNoCloserAlone', (log) => (log.legs[1].endedAt = null)],
    ['a closer alone in fast time', 'leavesNoCloserAlone', (log) => {
      log.timeScale = 10;
      log.legs[1].endedAt = seconds(107);
    }],
    ['a command without an id', 'namesEveryCommand', (log) => delete log.requests[5].body.command_id],
    ['a command that changed', 'repeatsCommandsUnchanged', (log) => log.requests.push(join(37, { mute: true }))],
    ['an id used twice', 'repeatsCommandsUnchanged', (log) => (log.requests[5].body.command_id = 'j')],
    ['a second id for the dial', STEPS, (log) => log.requests.push(dial(1, log.legs[0], { command_id: 'other' }))],
    ['a second id for the join', STEPS, (log) => log.requests.push(join(38, { command_id: 'other' }))],
    ['a misshapen request', 'isNeverRefusedForItsShape', (log) =>
      (log.requests[2].refusals = [{ name: 'INVALID', pointer: '/x' }])],
    ['dials too fast', 'keepsThePaceOfDials', (log) => {
      for (let i = 0; i <= 150; i++) log.requests.push(dial(50 + i / 40, { dialState: `state ${i}` }));
    }],
  ];

  for (const [what, rule, plant] of planted)
    test(what, () => {
      const log = goodLog();
      plant(log);
      assert.deepEqual(rulesBroken(log), [rule]);
    });

  test('a lead hung up after a failed transfer', () => {
    const log = failedLog();
    log.requests.push(hangupOf('lead', 99));
    assert.deepEqual(rulesBroken(log), ['sparesTheLeadOfAFailedTransfer']);
  });
});

describe('allowed is', () => {
  test('to end the call of a failed transfer if somebody asked for it', () => {
    const log = failedLog();
    log.requests.push(hangupOf('lead', 99));
    assert.deepEqual(violations({ ...log, endedByUs: new Set([CALL]) }), []);
  });

  test('to hang up the lead when Kevin has left', () => {
    const log = goodLog();
    log.requests.push(hangupOf('lead', 99));
    assert.deepEqual(violations(log), []);
  });

  test('to repeat a command as it was', () => {
    const log = goodLog();
    log.requests.push({ ...join(37), isRepeat: true }, { ...join(37.5), body: JSON.stringify(join(37).body) });
    assert.deepEqual(violations(log), []);
  });

  test('to be refused because of the state of a call', () => {
    const log = goodLog();
    log.requests[5].refusals = [{ name: 'CALL_ENDED' }];
    assert.deepEqual(violations(log), []);
  });

  test('to join a human without the key, or whom nobody could judge in time', () => {
    const log = goodLog();
    log.legs[1].history = [fact(33, 'call.machine.premium.detection.ended', { result: 'human_business' })];
    assert.deepEqual(violations(log), []);
    log.legs[1].history = [];
    assert.deepEqual(violations(log), []);
  });
});
