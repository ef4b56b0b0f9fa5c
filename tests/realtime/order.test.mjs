/* Every committed event arrives at everybody once and in order. */
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { agent, eventually, expectStatus, query, whileHeld } from '../api/support.mjs';
import { ask, emitMany, enterAs, eventsAfter, heardAll, hears, lastSeq, meanwhile, newLiveCall, numbered, sleep } from './support.mjs';

const LONG = process.env.VALS_TEST_LONG === '1';
/* The advisory lock that keeps a transaction of these tests from its commit. */
const GATE = 20_607;
const HOWS = [undefined, undefined, ['websocket'], ['websocket'], ['polling']];

/* count monitors, by all transports in turn. */
const monitors = (count) =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const transports = HOWS[i % HOWS.length];
      const socket = await enterAs('admin', transports && { transports });
      await ask(socket, 'join-room', 'call-monitoring');
      return socket;
    }),
  );

/* What everybody should have heard since `from`, once each socket has the last of it. */
async function expectAll(sockets, from) {
  const expected = await eventsAfter(from);
  const last = expected.at(-1).seq;
  await Promise.all(sockets.map((socket) => eventually(() => numbered(socket, last - 1).length > 0, `event ${last} is heard`, 60_000)));
  for (const socket of sockets) assert.deepEqual(numbered(socket, from).filter(({ seq }) => seq <= last), expected);
  return expected;
}

describe('with 50 sockets and 8 concurrent writers', () => {
  test('each socket hears each event once, in the order of the numbers', async () => {
    const calls = await Promise.all(Array.from({ length: 8 }, () => newLiveCall()));
    const sockets = await monitors(50);
    const from = await lastSeq();
    const posts = LONG ? 400 : 60;

    await Promise.all(
      calls.map(async (callId) => {
        for (let i = 1; i <= posts; i += 1)
          expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: (i * 80) / posts, phase: randomInt(1, 13) }), 200);
      }),
    );

    const events = await expectAll(sockets, from);
    assert.ok(events.length >= 8 * posts);
    for (const socket of sockets) {
      const updates = heardAll(socket, 'call:engagement-update');
      for (const callId of calls) {
        const scores = updates.filter((data) => data.callId === callId).map((data) => data.engagementScore);
        assert.equal(scores.length, posts);
        assert.deepEqual(scores, [...scores].sort((a, b) => a - b), 'reports of one call stay in their order');
      }
    }
  });

  test('the numbers have no gaps and follow no rolled back transaction', async () => {
    const from = await lastSeq();
    await meanwhile("begin; select vals.emit('lead.updated', null, null, '{}'); rollback");
    await Promise.all(Array.from({ length: 8 }, () => emitMany(50)));
    const events = await eventsAfter(from);
    assert.ok(events.length >= 400);
    const all = await query(`select seq from vals.event_log where seq > ${from} order by seq`);
    all.forEach(({ seq }, i) => assert.equal(Number(seq), from + 1 + i));
  });

  test('a transaction that commits late is heard late, not lost', async () => {
    const [socket] = await monitors(1);
    const mark = randomUUID();
    let slow;
    await whileHeld(`select pg_advisory_xact_lock(${GATE})`, async () => {
      slow = meanwhile(`begin; select vals.emit('lead.updated', null, null, '{"leadId":"${mark}"}'); select pg_advisory_xact_lock(${GATE}); commit`);
      await eventually(async () => (await query(`select pid from pg_locks where locktype = 'advisory' and objid = ${GATE} and not granted`)).length > 0, 'it is said, not committed');
      const quick = randomUUID();
      await emitMany(5, { mark: quick });
      await hears(socket, 'lead:updated', (data) => data.leadId === quick && data.n === 5);
      assert.equal(heardAll(socket, 'lead:updated').filter((data) => data.leadId === mark).length, 0);
    });
    await slow;
    await hears(socket, 'lead:updated', (data) => data.leadId === mark);
  });
});

describe('while transports are upgraded', () => {
  test('nothing is lost, doubled or overtaken', async () => {
    const mark = randomUUID();
    const round = LONG ? 500 : 100;
    const sockets = [];
    let total = 0;
    let isFull = false;
    const emitRound = async () => {
      await emitMany(round, { mark, pauseMs: 4, after: total });
      total += round;
    };
    const emitting = (async () => {
      while (!isFull) await emitRound();
      await emitRound();
    })();

    while (sockets.length < 20) {
      sockets.push(await enterAs('admin'));
      await sleep(40);
    }
    isFull = true;
    await emitting;
    for (const socket of sockets) {
      await hears(socket, 'lead:updated', (data) => data.leadId === mark && data.n === total);
      const heard = heardAll(socket, 'lead:updated').filter((data) => data.leadId === mark).map((data) => data.n);
      assert.ok(heard.length >= round);
      assert.deepEqual(heard, Array.from({ length: heard.length }, (_, i) => total - heard.length + 1 + i));
      await eventually(() => socket.io.engine.transport.name === 'websocket', 'the upgrade is done');
    }
  });
});

describe('a database that went back, as after a failover', () => {
  test('ends all sockets, which start afresh and hear what comes', async () => {
    const sockets = await monitors(6);
    const afresh = sockets.map((socket) => new Promise((resolve) => socket.once('connect', () => resolve(socket.recovered))));
    await emitMany(20);
    await eventsAfter(await lastSeq());
    await meanwhile(`
      begin;
      update vals.event_head set last_seq = last_seq - 10;
      delete from vals.event_log where seq > (select last_seq from vals.event_head);
      commit`);
    await query("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'vals-ws feed'");
    assert.deepEqual(await Promise.all(afresh), sockets.map(() => false));
    const mark = randomUUID();
    await emitMany(5, { mark });
    for (const socket of sockets) await hears(socket, 'lead:updated', (data) => data.leadId === mark && data.n === 5);
  });
});

describe('while the database cuts the connections', () => {
  test('the sockets stay and miss nothing', async () => {
    const sockets = await monitors(10);
    const gone = [];
    sockets.forEach((socket) => socket.on('disconnect', (reason) => gone.push(reason)));
    const from = await lastSeq();
    const mark = randomUUID();
    const emitting = emitMany(600, { mark, pauseMs: 5 });
    for (let i = 0; i < 4; i += 1) {
      await sleep(600);
      await query("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'vals-ws%'");
    }
    await emitting;
    const events = await expectAll(sockets, from);
    assert.ok(events.length >= 600);
    assert.deepEqual(gone, []);
    /* A daemon whose connection was cut a moment ago refuses, and has another soon. */
    await eventually(async () => (await ask(sockets[0], 'join-room', 'leads')).success, 'a room can be joined again');
  });
});
