/* Rooms, who may join them, who hears what, and who may say what. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { query } from '../api/support.mjs';
import { NAMES, ask, emitMany, enterAs, heardAll, hears, newLiveCall, sleep } from './support.mjs';

const ROLES = ['admin', 'kevin', 'operator', 'analyst', 'agent'];
const ROOMS = {
  'call-monitoring': ['admin', 'kevin', 'operator'],
  leads: ['admin', 'kevin', 'operator', 'analyst'],
  kevin: ['admin', 'kevin'],
  analytics: ['admin', 'kevin', 'operator', 'analyst'],
  [`call:${randomUUID()}`]: ROLES,
};
const NO_ROOMS = ['', 'nowhere', '@all', '@staff', 'call:', 'call:1', 'call:../x', 'x'.repeat(1000)];

const sockets = {};

before(async () => {
  for (const role of ROLES) sockets[role] = await enterAs(role);
});

describe('join-room', () => {
  for (const [room, roles] of Object.entries(ROOMS))
    for (const role of ROLES)
      test(`${room.replace(/:.*/, ':<id>')}: ${role} ${roles.includes(role) ? 'may' : 'may not'}`, async () => {
        const answer = await ask(sockets[role], 'join-room', { room, userId: 'somebody', role: 'admin' });
        assert.equal(answer.success, roles.includes(role));
        assert.equal('error' in answer, !roles.includes(role));
      });

  for (const room of NO_ROOMS)
    test(`'${room.slice(0, 20)}' is no room`, async () => {
      assert.equal((await ask(sockets.admin, 'join-room', { room })).success, false);
    });

  test('takes the name alone as well, and nothing that is no name', async () => {
    assert.deepEqual(await ask(sockets.admin, 'join-room', 'leads'), { success: true });
    for (const payload of [undefined, null, 5, [], {}, { room: 5 }, { room: null }, { room: ['leads'] }])
      assert.deepEqual(await ask(sockets.admin, 'join-room', payload), { success: false, error: 'room is required' });
  });

  test('is for a hundred rooms at most', async () => {
    const socket = await enterAs('operator');
    const rooms = Array.from({ length: 100 }, () => `call:${randomUUID()}`);
    for (const room of rooms) assert.deepEqual(await ask(socket, 'join-room', room), { success: true });
    assert.deepEqual(await ask(socket, 'join-room', 'leads'), { success: false, error: 'too many rooms' });
    assert.deepEqual(await ask(socket, 'join-room', rooms[0]), { success: true });
    assert.deepEqual(await ask(socket, 'leave-room', rooms[0]), { success: true });
    assert.deepEqual(await ask(socket, 'join-room', 'leads'), { success: true });
  });

  test('is answered with the system status', async () => {
    const socket = await enterAs('operator');
    await ask(socket, 'join-room', { room: 'leads' });
    const status = await hears(socket, 'system-status');
    assert.deepEqual(Object.keys(status).sort(), ['activeCalls', 'kevinAvailable', 'learningProgress', 'systemLoad']);
  });
});

/* Who hears a kind of event: by role, once in all rooms of the role; and without any room. */
const AUDIENCE = {
  'lead.created': { joined: ['admin', 'kevin', 'operator', 'analyst'], outside: true },
  'lead.updated': { joined: ['admin', 'kevin', 'operator', 'analyst'], outside: true },
  'lead.deleted': { joined: ['admin', 'kevin', 'operator', 'analyst'], outside: true },
  'leads.imported': { joined: ['admin', 'kevin', 'operator', 'analyst'], outside: true },
  'call.started': { joined: ROLES, outside: true },
  'call.engagement': { joined: ROLES, outside: true },
  'kevin.availability': { joined: ROLES, outside: true },
  'call.status': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'call.ended': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'call.phase': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'call.transcript': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'call.recording': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'call.transfer': { joined: ROLES, outside: true },
  'call.opportunity': { joined: ['admin', 'kevin', 'operator'], outside: false },
  'dashboard.metrics': { joined: ['admin', 'kevin', 'operator', 'analyst'], outside: false },
};

describe('an event', () => {
  const mark = randomUUID();
  const call = randomUUID();
  let outside, kevin, follower;

  before(async () => {
    for (const role of ROLES)
      for (const [room, roles] of Object.entries(ROOMS)) if (roles.includes(role)) await ask(sockets[role], 'join-room', room);
    outside = await enterAs('operator');
    kevin = await enterAs('kevin');
    follower = await enterAs('agent');
    await ask(follower, 'join-room', `call:${call}`);
    for (const kind of Object.keys(AUDIENCE)) await emitMany(1, { kind, mark, call: kind.startsWith('call.') ? call : null });
    /* The last of all to everybody: whoever has it has heard all before. */
    const last = randomUUID();
    await emitMany(1, { kind: 'call.engagement', mark: last });
    for (const socket of [...Object.values(sockets), outside, kevin, follower])
      await hears(socket, 'call:engagement-update', (data) => data.leadId === last);
  });

  const times = (socket, kind) => heardAll(socket, NAMES[kind]).filter((data) => data.leadId === mark).length;

  for (const [kind, { joined, outside: heardOutside }] of Object.entries(AUDIENCE))
    test(`${NAMES[kind]} reaches its audience once and nobody else`, () => {
      for (const role of ROLES) assert.equal(times(sockets[role], kind), joined.includes(role) ? 1 : 0, role);
      assert.equal(times(outside, kind), heardOutside ? 1 : 0, 'an operator in no room');
    });

  test('of a call reaches whoever follows that call', () => {
    for (const kind of Object.keys(AUDIENCE)) {
      const expected = kind.startsWith('call.') || kind === 'kevin.availability' ? 1 : 0;
      assert.equal(times(follower, kind), expected, kind);
    }
  });

  test('of an opportunity reaches Kevin without his joining anything', () => {
    assert.equal(times(kevin, 'call.opportunity'), 1);
  });

  test('of a room that was left is not heard any more', async () => {
    const left = await enterAs('operator');
    await ask(left, 'join-room', 'call-monitoring');
    assert.deepEqual(await ask(left, 'leave-room', { room: 'call-monitoring' }), { success: true });
    const unheard = randomUUID();
    const last = randomUUID();
    await emitMany(1, { kind: 'call.status', mark: unheard });
    await emitMany(1, { kind: 'call.engagement', mark: last });
    await hears(left, 'call:engagement-update', (data) => data.leadId === last);
    assert.equal(heardAll(left, 'call:status').filter((data) => data.leadId === unheard).length, 0);
  });
});

describe('monitor-calls', () => {
  for (const role of ROLES)
    test(`${role} ${ROOMS['call-monitoring'].includes(role) ? 'may' : 'may not'}`, async () => {
      const socket = await enterAs(role);
      const callId = await newLiveCall();
      const answer = await ask(socket, 'monitor-calls');
      assert.equal(answer.success, ROOMS['call-monitoring'].includes(role));
      if (!answer.success) {
        assert.deepEqual(heardAll(socket, 'active-calls-update'), []);
        return;
      }
      const [calls] = heardAll(socket, 'active-calls-update');
      assert.ok(Array.isArray(calls));
      assert.ok(calls.some((call) => (call.id ?? call.callId) === callId));
      const mark = randomUUID();
      await emitMany(1, { kind: 'call.status', mark });
      await hears(socket, 'call:status', (data) => data.leadId === mark);
    });
});

describe('kevin-availability-update', () => {
  let before;

  test('is saved, and everybody hears of it', async () => {
    [before] = await query('select override_available, override_reason, override_until from vals.kevin');
    const reason = `back soon ${randomUUID()}`;
    assert.deepEqual(await ask(sockets.kevin, 'kevin-availability-update', { available: false, reason }), { success: true });
    for (const role of ROLES) {
      const data = await hears(sockets[role], 'kevin-availability-changed', (event) => event.reason === reason);
      assert.equal(data.available, false);
    }
    assert.deepEqual(await query('select override_available, override_reason from vals.kevin'), [{ override_available: false, override_reason: reason }]);
  });

  test('changes the system status everybody is told', async () => {
    await ask(sockets.admin, 'kevin-availability-update', { available: true });
    await hears(sockets.operator, 'system-status', () => heardAll(sockets.operator, 'system-status').at(-1).kevinAvailable === true);
  });

  for (const role of ['operator', 'analyst', 'agent'])
    test(`is not for ${role}`, async () => {
      assert.deepEqual(await ask(sockets[role], 'kevin-availability-update', { available: true }), { success: false, error: 'your role may not do this' });
    });

  for (const [payload, problem] of [
    [undefined, 'the payload must be an object'],
    [{}, 'available is required'],
    [{ available: 'yes' }, 'available must be true or false'],
    [{ available: true, reason: 'x'.repeat(201) }, 'reason must be a text of up to 200 characters'],
    [{ available: true, until: 'tomorrow' }, 'until must be a time like 2026-01-31T15:04:05Z'],
    [{ available: true, role: 'admin' }, 'role is not a known field'],
    [{ available: true, until: '2020-01-01T00:00:00Z' }, 'Validation failed'],
    [{ available: true, until: '2020-13-01T00:00:00Z' }, 'a value is not acceptable'],
  ])
    test(`refuses ${JSON.stringify(payload)?.slice(0, 60)}`, async () => {
      assert.deepEqual(await ask(sockets.admin, 'kevin-availability-update', payload), { success: false, error: problem });
    });

  after(async () => {
    if (before?.override_available === null) await ask(sockets.admin, 'kevin-availability-update', { available: null });
  });
});

describe('engagement-update', () => {
  for (const role of ROLES)
    test(`${role} ${['admin', 'agent'].includes(role) ? 'may' : 'may not'}`, async () => {
      const callId = await newLiveCall();
      const answer = await ask(sockets[role], 'engagement-update', { callId, score: 66.25, phase: 4, indicators: { questionsAsked: 2 } });
      assert.equal(answer.success, ['admin', 'agent'].includes(role));
      if (!answer.success) return;
      const data = await hears(sockets.operator, 'call:engagement-update', (event) => event.callId === callId);
      assert.equal(data.engagementScore, 66.25);
      assert.equal(data.phase, 4);
      assert.deepEqual(data.indicators, { questionsAsked: 2 });
      assert.deepEqual(await query("select score from vals.engagement_reports where call_id = :'callId'", { callId }), [{ score: 66.25 }]);
    });

  test('of a hot lead tells the monitors to transfer while Kevin is available', async () => {
    await ask(sockets.admin, 'kevin-availability-update', { available: true });
    const callId = await newLiveCall();
    assert.deepEqual(await ask(sockets.agent, 'engagement-update', { callId, score: 85 }), { success: true });
    const data = await hears(sockets.operator, 'transfer-opportunity', (event) => event.callId === callId);
    assert.equal(data.suggestTransfer, true);
    await ask(sockets.admin, 'kevin-availability-update', { available: null });
  });

  for (const [change, problem] of [
    [{ callId: undefined }, 'callId is required'],
    [{ callId: 'x' }, 'callId must be an id'],
    [{ score: undefined }, 'score is required'],
    [{ score: '90' }, 'score must be a number from 0 to 100'],
    [{ score: 100.01 }, 'score must be a number from 0 to 100'],
    [{ score: -1 }, 'score must be a number from 0 to 100'],
    [{ phase: 13 }, 'phase must be a whole number from 1 to 12'],
    [{ phase: 1.5 }, 'phase must be a whole number from 1 to 12'],
    [{ indicators: 'warm' }, 'indicators must be an object, or a list of up to 32 texts of 1 to 64 characters'],
    [{ indicators: Array(33).fill('x') }, 'indicators must be an object, or a list of up to 32 texts of 1 to 64 characters'],
    [{ indicators: { x: 'x'.repeat(9000) } }, 'indicators must have at most 8192 bytes'],
    [{ admin: true }, 'admin is not a known field'],
    [{ callId: randomUUID() }, 'Call not found'],
  ])
    test(`refuses ${JSON.stringify(change).slice(0, 60)}`, async () => {
      const payload = { callId: randomUUID(), score: 50, ...change };
      assert.deepEqual(await ask(sockets.agent, 'engagement-update', payload), { success: false, error: problem });
    });
});

describe('other events', () => {
  test('nobody knows are said to be unknown', async () => {
    assert.deepEqual(await ask(sockets.admin, 'drop-tables', 1, 2), { success: false, error: 'unknown event' });
  });

  test('without an acknowledgement do no harm', async () => {
    sockets.admin.emit('drop-tables', { x: 1 });
    sockets.admin.emit('join-room');
    sockets.admin.emit('monitor-calls', null, null, null);
    sockets.admin.emit('engagement-update', Buffer.from('binary'), Buffer.from('twice'));
    await sleep(50);
    assert.equal((await ask(sockets.admin, 'join-room', 'leads')).success, true);
  });

  test('in a flood are answered or refused, each of them', async () => {
    const socket = await enterAs('operator');
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(socket, 'monitor-calls')));
    const refused = answers.filter(({ success }) => !success);
    assert.ok(refused.every(({ error }) => error === 'too many requests at once'));
    assert.ok(answers.length - refused.length >= 32);
  });

  for (const transport of ['polling', 'websocket'])
    test(`by the thousand at once are answered, each of them (${transport})`, async () => {
      const socket = await enterAs('operator', { transports: [transport] });
      const answers = await Promise.all(Array.from({ length: 6000 }, (_, i) => ask(socket, 'nobody-knows-this', i)));
      assert.deepEqual(new Set(answers.map(({ error }) => error)), new Set(['unknown event']));
    });
});
