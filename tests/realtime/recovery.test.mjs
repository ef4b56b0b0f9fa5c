/* A client that lost its connection comes back to where it was, and misses nothing. */
import assert from 'node:assert/strict';
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { eventually, execute, need, query, signIn } from '../api/support.mjs';
import { expectWhole, heardNumbers, hearsWhole, linked, nodeOf, signalDaemon, daemons } from './link.mjs';
import { ask, dial, emitMany, enter, enterAs, frame, heardAll, hears, lastSeq, leaving, newLiveCall, newVisitor, open, sleep, visitor } from './support.mjs';

const LONG = process.env.VALS_TEST_LONG === '1';
const token = need('VALS_ADMIN_TOKEN');
const hashOf = (pid) => createHash('sha256').update(pid).digest('hex');

/* Every later connect was a recovery, under the same pid and id. */
function expectRecovered(visits) {
  const [first, ...later] = visits;
  for (const { recovered, id, pid } of later) assert.deepEqual({ recovered, id, pid }, { recovered: true, id: first.id, pid: first.pid });
}

/* Resolves when a client has connected once more. */
const another = (visits, count = visits.length) => eventually(() => visits.length > count, 'another connect', 60_000);

describe('while the link is cut at random', { concurrency: true }, () => {
  const cuts = LONG ? 100 : 16;
  const visitsOf = (clients) => clients.flatMap(({ visits }) => visits);

  /*
   * Not every cut costs a connect: one that is not back from the last cut, or does not poll just then, has nothing
   * to be cut. On a busy machine it takes more cuts until there were enough.
   */
  async function haveComeBack(clients) {
    const visits = visitsOf(clients);
    return visits.length > clients.length + cuts / 4 && new Set(visits.map(({ node }) => node)).size === (await daemons()).length;
  }

  for (const [how, transports] of Object.entries({ 'by default': undefined, 'websocket only': ['websocket'], 'polling only': ['polling'] }))
    test(`${how}: every event is heard once and in order, whichever daemon it comes back to`, async () => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => linked({ token, ...(transports && { transports }) })));
      const mark = randomUUID();
      const total = LONG ? 4000 : 600;
      const emitting = emitMany(total, { mark, pauseMs: 5 });
      for (let i = 0; i < cuts || !(await haveComeBack(clients)); i += 1) {
        assert.ok(i < 20 * cuts, `${visitsOf(clients).length} connects`);
        const { link, socket } = clients[i % clients.length];
        await sleep(randomInt(Math.ceil((total * 8) / cuts)));
        if (LONG || !socket.io.engine.upgrading) link.cut();
      }
      await emitting;
      /*
       * A client whose link is cut while it changes from polling to websocket may hold no connection at
       * all: the stock client then waits for a heartbeat, 45 s, before it comes back. The short run
       * spares itself that.
       */
      await Promise.all(clients.map(({ socket }) => hearsWhole(socket, mark, total, 75_000)));
      for (const { visits } of clients) expectRecovered(visits);
    });
});

describe('a client that comes back', () => {
  test('before it has heard anything starts where it had connected', async () => {
    const { socket, link, visits } = await linked({ token: need('VALS_AGENT_KEY'), transports: ['websocket'] });
    const mark = randomUUID();
    link.isDown = true;
    link.cut();
    assert.equal(socket._lastOffset, undefined);
    await leaving(socket);
    await emitMany(30, { mark, kind: 'call.started' });
    link.isDown = false;
    await hearsWhole(socket, mark, 30);
    expectRecovered(visits);
    assert.equal(visits.length, 2);
  });

  test('and is cut again while it hears what it missed, goes on there', async () => {
    const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
    const mark = randomUUID();
    const total = LONG ? 10_000 : 1500;
    link.isDown = true;
    link.cut();
    await emitMany(total, { mark, filler: 200 });
    const cutsBefore = link.cuts;
    const cutSoon = () => link.cutAfter(randomInt(2_000, 20_000));
    socket.on('connect', () => visits.length < 8 && cutSoon());
    cutSoon();
    link.isDown = false;
    await hearsWhole(socket, mark, total);
    expectRecovered(visits);
    assert.ok(link.cuts > cutsBefore, 'cut while it heard');
  });

  test('and the database cuts the connections while it hears what it missed, hears the rest', async () => {
    const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
    const mark = randomUUID();
    const total = 1500;
    link.isDown = true;
    link.cut();
    await emitMany(total, { mark, filler: 2000 });
    link.isDown = false;
    await hears(socket, 'lead:updated', (data) => data.leadId === mark, 60_000);
    for (let i = 0; i < 3; i += 1) await query("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'vals-ws%'");
    await hearsWhole(socket, mark, total);
    expectRecovered(visits);
    assert.ok(visits.length > 1);
  });

  test('after its daemon was killed goes on at once, at any daemon', async () => {
    const clients = await Promise.all(['websocket', 'polling', 'websocket', 'polling'].map((transport) => linked({ token, transports: [transport] })));
    const mark = randomUUID();
    const total = LONG ? 3000 : 800;
    const emitting = emitMany(total, { mark, pauseMs: 8 });
    for (const node of await daemons()) {
      await sleep(1500);
      await signalDaemon(node, 'SIGKILL');
    }
    await emitting;
    await Promise.all(clients.map(({ socket }) => hearsWhole(socket, mark, total)));
    for (const { visits } of clients) {
      await another(visits, 1);
      expectRecovered(visits);
    }
  });

  test('is in the rooms it had joined, and not in the one it had left', async () => {
    const call = await newLiveCall();
    const { socket, link, visits } = await linked({ token: (await visitor('analyst')).token, transports: ['websocket'] });
    assert.equal((await ask(socket, 'join-room', `call:${call}`)).success, true);
    assert.equal((await ask(socket, 'join-room', 'leads')).success, true);
    assert.equal((await ask(socket, 'leave-room', 'leads')).success, true);
    const [{ rooms }] = await query("select rooms from vals.socket_states where pid_hash = :'hash'", { hash: hashOf(socket._pid) });
    assert.deepEqual(Object.keys(rooms), [`call:${call}`]);
    const mark = randomUUID();
    link.isDown = true;
    link.cut();
    await emitMany(5, { mark, kind: 'call.status', call });
    link.isDown = false;
    await hearsWhole(socket, mark, 5);
    const live = randomUUID();
    await emitMany(5, { mark: live, kind: 'call.status', call });
    await hearsWhole(socket, live, 5);
    assert.equal(visits.length, 2);
    expectRecovered(visits);
  });

  test('hears nothing of a room from before it had joined', async () => {
    const call = await newLiveCall();
    const { socket, link } = await linked({ token: (await visitor('analyst')).token, transports: ['websocket'] });
    const before = randomUUID();
    await emitMany(3, { mark: before, kind: 'call.status', call });
    /* Whoever hears what was said later is at a daemon that has passed what was said before. */
    const later = randomUUID();
    await emitMany(1, { mark: later });
    await hearsWhole(socket, later, 1);
    assert.equal((await ask(socket, 'join-room', `call:${call}`)).success, true);
    link.cut();
    const mark = randomUUID();
    await emitMany(3, { mark, kind: 'call.status', call });
    await hearsWhole(socket, mark, 3);
    assert.deepEqual(heardNumbers(socket, before), []);
  });

  test('has the rights of the token it brings', async () => {
    const someone = await newVisitor('operator');
    let current = someone.token;
    const { socket, link, visits } = await linked({ auth: (give) => give({ token: current }), transports: ['websocket'] });
    assert.equal((await ask(socket, 'join-room', 'call-monitoring')).success, true);
    link.isDown = true;
    link.cut();
    await execute("update vals.users set role = 'analyst' where id = :'id'", { id: someone.id });
    current = (await signIn(someone.email)).body.data.token;
    const hidden = randomUUID();
    await emitMany(3, { mark: hidden, kind: 'call.status', call: randomUUID() });
    const mark = randomUUID();
    await emitMany(3, { mark });
    link.isDown = false;
    await hearsWhole(socket, mark, 3);
    expectRecovered(visits);
    await emitMany(3, { mark: hidden, kind: 'call.status', call: randomUUID() });
    const live = randomUUID();
    await emitMany(3, { mark: live });
    await hearsWhole(socket, live, 3);
    assert.deepEqual(heardNumbers(socket, hidden), []);
    assert.match((await ask(socket, 'join-room', 'call-monitoring')).error, /not for your role/);
  });

  test('with a token that was revoked meanwhile does not come in', async () => {
    const someone = await newVisitor('operator');
    const { socket, link, visits } = await linked({ token: someone.token, transports: ['websocket'] });
    link.isDown = true;
    link.cut();
    await execute("update vals.users set is_active = false where id = :'id'", { id: someone.id });
    const refused = new Promise((resolve) => socket.on('connect_error', (error) => error.data && resolve(error)));
    link.isDown = false;
    assert.equal((await refused).data.code, 'TOKEN_INVALID');
    assert.equal(visits.length, 1);
  });
});

describe('a client is a new one', () => {
  /* Connect with what another socket had. */
  const again = (pid, offset, more) => {
    const socket = open({ token, ...more });
    socket._pid = pid;
    socket._lastOffset = offset;
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(socket));
      socket.connect();
    });
  };

  const expectNew = (socket, former) => {
    assert.equal(socket.recovered, false);
    assert.notEqual(socket._pid, former._pid);
    assert.match(socket._pid, /^[\w-]{22,}$/);
  };

  test('when it had taken its leave', async () => {
    for (const transport of ['websocket', 'polling']) {
      const { socket, visits } = await linked({ token, transports: [transport] });
      socket.disconnect();
      socket.connect();
      await another(visits, 1);
      assert.equal(visits[1].recovered, false);
      assert.notEqual(visits[1].pid, visits[0].pid);
      assert.notEqual(visits[1].id, visits[0].id);
    }
  });

  test('when another user brings the pid', async () => {
    const former = await enter({ token });
    const { token: other } = await visitor('operator');
    expectNew(await again(former._pid, former._lastOffset, { token: other }), former);
    assert.equal(former.connected, true);
  });

  for (const [what, offset] of Object.entries({ 'is no number': 'abc', 'was not given yet': '999999999999', 'is too long': '9'.repeat(40), 'is empty': '', 'is negative': '-1' }))
    test(`when its offset ${what}`, async () => {
      const former = await enter({ token, transports: ['websocket'] });
      former.io.engine.close();
      const { _pid } = former;
      former.close();
      const ws = dial();
      await frame(ws, /^0/);
      ws.send(`40${JSON.stringify({ token, pid: _pid, offset })}`);
      const answer = JSON.parse((await frame(ws, /^40/)).slice(2));
      assert.notEqual(answer.pid, _pid);
      ws.close();
    });

  test('when its pid is no text, or one we never gave out', async () => {
    for (const pid of [5, null, {}, ['x'], 'x', 'x'.repeat(5000), "' or true --"]) {
      const ws = dial();
      await frame(ws, /^0/);
      ws.send(`40${JSON.stringify({ token, pid, offset: '1' })}`);
      assert.notEqual(JSON.parse((await frame(ws, /^4[04]/)).slice(2)).pid ?? 'refused', pid);
      ws.close();
    }
  });

  test('when it was away for longer than is kept', async () => {
    const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
    link.isDown = true;
    link.cut();
    const hash = hashOf(socket._pid);
    await eventually(async () => (await query("select left_at from vals.socket_states where pid_hash = :'hash'", { hash }))[0]?.left_at, 'the end is noted');
    await execute("update vals.socket_states set left_at = now() - interval '60 seconds' where pid_hash = :'hash'", { hash });
    link.isDown = false;
    await another(visits, 1);
    expectRecovered(visits);
    link.isDown = true;
    link.cut();
    await eventually(async () => (await query("select left_at from vals.socket_states where pid_hash = :'hash'", { hash }))[0]?.left_at, 'the end is noted');
    await execute("update vals.socket_states set left_at = now() - interval '121 seconds' where pid_hash = :'hash'", { hash });
    link.isDown = false;
    await another(visits, 2);
    assert.equal(visits[2].recovered, false);
    assert.notEqual(visits[2].pid, visits[0].pid);
  });

  test('but once only, though it keeps the offset of before until it hears something', async () => {
    const { socket, link, visits } = await linked({ token: need('VALS_AGENT_KEY'), transports: ['websocket'] });
    const mark = randomUUID();
    await emitMany(1, { mark, kind: 'call.started' });
    await hearsWhole(socket, mark, 1);
    socket._pid = 'nobody gave this out';
    link.cut();
    await another(visits, 1);
    link.isDown = true;
    link.cut();
    await leaving(socket);
    const later = randomUUID();
    await emitMany(3, { mark: later, kind: 'call.started' });
    link.isDown = false;
    await hearsWhole(socket, later, 3);
    assert.deepEqual(visits.map(({ recovered }) => recovered), [false, false, true]);
  });

  test('when the log no longer has what it missed', async () => {
    const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
    const mark = randomUUID();
    await emitMany(3, { mark });
    await hearsWhole(socket, mark, 3);
    link.isDown = true;
    link.cut();
    await emitMany(10);
    await eventually(async () => (await query('select count(*) from vals.event_log where seq is null'))[0].count === 0, 'all are numbered');
    await execute('delete from vals.event_log where seq <= (select last_seq - 5 from vals.event_head)');
    link.isDown = false;
    await another(visits, 1);
    assert.equal(visits[1].recovered, false);
    assert.notEqual(visits[1].pid, visits[0].pid);
  });
});

test('what it missed is lost while it is being read: the client is told, not deceived', async () => {
  const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
  const mark = randomUUID();
  await emitMany(1, { mark });
  await hearsWhole(socket, mark, 1);
  link.isDown = true;
  link.cut();
  await emitMany(10, { mark });
  await eventually(async () => (await query('select count(*) from vals.event_log where seq is null'))[0].count === 0, 'all are numbered');
  await execute("delete from vals.event_log where payload ->> 'leadId' = :'mark' and payload ->> 'n' = '6'", { mark });
  link.isDown = false;
  await another(visits, 2);
  assert.equal(visits.at(-1).recovered, false);
  assert.notEqual(visits.at(-1).pid, visits[0].pid);
  assert.deepEqual(heardNumbers(socket, mark), [1, 1, 2, 3, 4, 5]);
});

describe('two connections with one pid', () => {
  for (const where of ['at the same daemon', 'at different daemons'])
    test(`${where}: the later one goes on, the earlier one is closed and starts anew`, async () => {
      const former = await linked({ token, url: new URL(need('VALS_URL')).origin, transports: ['websocket'] });
      const { _pid: pid } = former.socket;
      let later;
      do {
        later?.socket.close();
        const socket = open({ token, transports: ['websocket'], reconnectionDelay: 20 });
        /* Look where it comes to before it asks for anything. */
        const ready = new Promise((resolve) => socket.io.engine?.once('open', resolve) ?? socket.io.once('open', resolve));
        socket.auth = async (give) => {
          await ready;
          const isThere = (nodeOf(socket) === nodeOf(former.socket)) === (where === 'at the same daemon');
          give({ token, ...(isThere && { pid }) });
          later.isThere = isThere;
        };
        later = { socket };
        await new Promise((resolve) => { socket.once('connect', resolve).connect(); });
      } while (!later.isThere);
      assert.equal(later.socket._pid, pid);
      await another(former.visits, 1);
      assert.equal(former.visits[1].recovered, false);
      assert.notEqual(former.visits[1].pid, pid);
      await sleep(1000);
      assert.equal(later.socket.connected, true);
      assert.equal(former.visits.length, 2, 'they do not take it from each other for ever');
      const [{ count }] = await query("select count(*) from vals.socket_states where pid_hash = :'hash' and left_at is null", { hash: hashOf(pid) });
      assert.equal(count, 1);
    });
});

describe('the offset', () => {
  test('ends every event, also those that are not in the log', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send(`40{"token":"${token}"}`);
    await frame(ws, /^40/);
    ws.send('421["join-room",{"room":"call-monitoring"}]');
    ws.send('422["monitor-calls"]');
    await frame(ws, /^432/);
    const call = await newLiveCall();
    await emitMany(3, { kind: 'call.engagement', call });
    await emitMany(3, { kind: 'kevin.availability' });
    await frame(ws, /^42\["system-status"/);
    await frame(ws, /^42\["kevin-availability-changed"/);
    const events = ws.frames.filter((text) => text.startsWith('42')).map((text) => JSON.parse(text.slice(2)));
    assert.ok(new Set(events.map(([name]) => name)).size >= 4);
    let last = 0;
    for (const [name, data, offset, ...rest] of events) {
      assert.match(offset, /^(0|[1-9][0-9]*)$/, name);
      assert.deepEqual(rest, []);
      if (data.seq) assert.equal(offset, data.seq);
      assert.ok(Number(offset) >= last, 'it never goes back');
      last = Number(offset);
    }
    assert.ok(last <= (await lastSeq()));
    ws.close();
  });

  test('is not poisoned by an event outside the log in the middle of what was missed', async () => {
    const { socket, link, visits } = await linked({ token, transports: ['websocket'] });
    const mark = randomUUID();
    const total = LONG ? 2000 : 1000;
    socket.on('connect', () => {
      socket.emit('join-room', 'call-monitoring');
      socket.emit('monitor-calls');
    });
    link.isDown = true;
    link.cut();
    await emitMany(total, { mark, filler: 300 });
    socket.on('active-calls-update', () => link.cut());
    socket.on('system-status', () => link.cut());
    link.isDown = false;
    await eventually(() => visits.length > 8, 'several connects', 60_000);
    socket.off('active-calls-update');
    socket.off('system-status');
    await hearsWhole(socket, mark, total);
    expectRecovered(visits);
  });
});

describe('the rows behind it', () => {
  test('keep only a hash of the pid', async () => {
    const socket = await enterAs('operator');
    const rows = await query("select to_jsonb(s) as state from vals.socket_states s where s.socket_id = :'id'", { id: socket.id });
    assert.equal(rows.length, 1);
    assert.ok(!JSON.stringify(rows).includes(socket._pid));
    assert.equal(rows[0].state.pid_hash, hashOf(socket._pid));
  });

  test('are not written per event', async () => {
    const socket = await enterAs('operator');
    const version = async () => (await query("select xmin::text from vals.socket_states where socket_id = :'id'", { id: socket.id }))[0].xmin;
    const before = await version();
    const mark = randomUUID();
    await emitMany(50, { mark });
    await hears(socket, 'lead:updated', (data) => data.leadId === mark && data.n === 50);
    expectWhole(socket, mark, 50);
    assert.equal(await version(), before);
    assert.ok(heardAll(socket, 'lead:updated').length >= 50);
  });
});
