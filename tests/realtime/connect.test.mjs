/* Who gets in, how, and how long he stays. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { admin, agent, baseUrl, caller, execute, expectStatus, need } from '../api/support.mjs';
import { ask, dial, enter, enterAs, entering, frame, hears, leaving, newLiveCall, newVisitor, open, origin, refusal, visitor } from './support.mjs';

/* An access token that lives for so many seconds, from the administrator's tool. */
async function shortToken(email, seconds) {
  const env = { ...process.env, DATABASE_URL: need('VALS_DATABASE_URL'), JWT_KEYS_DIR: join(dirname(dirname(need('VALS_API_SOCKET'))), 'jwt') };
  const { stdout } = await promisify(execFile)(join(need('VALS_BIN'), 'valsctl'), ['token', '--email', email, '--ttl', `${seconds}s`], { env });
  return stdout.trim();
}

/*
 * Enter with something that lives for so few seconds only, which give(seconds) makes: the client, and of what is
 * asked of it what comes first. A machine too slow to enter within a lifetime is given a longer one.
 */
async function enterForSeconds(give) {
  for (let seconds = 2; ; seconds *= 2) {
    const socket = await give(seconds);
    const left = leaving(socket);
    try {
      await entering(socket);
      return { socket, left };
    } catch (error) {
      socket.close();
      if (seconds > 30) throw error;
    }
  }
}

const TRANSPORTS = { 'websocket only': ['websocket'], 'polling only': ['polling'], 'by default': undefined };

describe('the stock client', () => {
  for (const [how, transports] of Object.entries(TRANSPORTS))
    test(`${how}: signs in, joins and hears of a score`, async () => {
      const callId = await newLiveCall();
      const socket = await enterAs('operator', transports && { transports });
      assert.deepEqual(await ask(socket, 'join-room', { room: 'call-monitoring', userId: 'x', role: 'admin' }), { success: true });

      expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 72.5, phase: 3, indicators: ['asked a question'] }), 200);

      const data = await hears(socket, 'call:engagement-update', (event) => event.callId === callId);
      assert.equal(data.engagementScore, 72.5);
      assert.equal(data.phase, 3);
      assert.deepEqual(data.indicators, ['asked a question']);
      assert.match(data.seq, /^[1-9][0-9]*$/);
      assert.match(data.timestamp, /^\d{4}-.*Z$/);
    });

  test('by default ends up on a websocket', async () => {
    const socket = await enterAs('operator');
    if (socket.io.engine.transport.name !== 'websocket') await new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
    assert.equal(socket.io.engine.transport.name, 'websocket');
    assert.deepEqual(await ask(socket, 'join-room', { room: 'leads' }), { success: true });
  });

  test('may name subprotocols, and is given the first', async () => {
    const socket = await enterAs('operator', { transports: ['websocket'], protocols: ['chat', 'x.y+z'] });
    assert.equal(socket.io.engine.transport.ws.protocol, 'chat');
    assert.deepEqual(await ask(socket, 'join-room', { room: 'leads' }), { success: true });
  });

  test('sends unicode and long texts both ways', async () => {
    const socket = await enterAs('operator', { transports: ['polling'] });
    const { error } = await ask(socket, 'join-room', { room: `grüße 😀 ${'x'.repeat(100_000)}` });
    assert.match(error, /no such room/);
  });
});

describe('a page of our own, signed in by its cookie', () => {
  /* The seed's own lines, as a component of the dashboard has them. */
  for (const [how, transports] of Object.entries(TRANSPORTS))
    test(`${how}: the seed's snippet works unchanged`, async () => {
      const { cookie, id } = await visitor('operator');
      const callId = await newLiveCall();
      const socket = open({ headers: { cookie, origin }, ...(transports && { transports }) });
      const heard = { status: null, started: [], scores: {} };

      socket.emit('join-room', { room: 'call-monitoring', userId: id, role: 'operator' });
      socket.on('system-status', (status) => { heard.status = status; });
      socket.on('call:started', (callData) => { heard.started.push(callData); });
      socket.on('call:engagement-update', (data) => { heard.scores[data.callId] = data.engagementScore; });
      await entering(socket);
      /* The first may be a second old, and not know of the call. */
      await hears(socket, 'system-status', ({ activeCalls }) => activeCalls >= 1);
      expectStatus(await agent.post('/api/agent/engagement-score', { callId, engagementScore: 91 }), 200);
      await hears(socket, 'call:engagement-update', (event) => event.callId === callId);

      assert.equal(heard.scores[callId], 91);
      assert.deepEqual(Object.keys(heard.status).sort(), ['activeCalls', 'kevinAvailable', 'learningProgress', 'systemLoad']);
      assert.ok(heard.status.systemLoad >= 0 && heard.status.systemLoad <= 1);
      assert.ok(heard.status.learningProgress >= 0 && heard.status.learningProgress <= 100);
      assert.equal(typeof heard.status.kevinAvailable, 'boolean');
    });

  for (const transport of ['polling', 'websocket'])
    test(`of a foreign origin is refused before the handshake (${transport})`, async () => {
      const { cookie } = await visitor('operator');
      const { error, socket } = await refusal({ headers: { cookie, origin: 'https://evil.example.com' }, transports: [transport] });
      assert.match(error.message, /xhr poll error|websocket error/);
      assert.equal(socket.connected, false);
      const path = `${baseUrl}/socket.io/?EIO=4&transport=polling`;
      const answer = await fetch(path, { headers: { cookie, origin: 'https://evil.example.com' } });
      assert.equal(answer.status, 403);
      assert.deepEqual(await answer.json(), { code: 4, message: 'Forbidden' });
    });

  test('without an Origin header the cookie is worth nothing', async () => {
    const { cookie } = await visitor('operator');
    const { error } = await refusal({ headers: { cookie }, transports: ['websocket'] });
    assert.equal(error.message, 'Authentication required');
  });

  test('a cookie nobody gave out is refused for good', async () => {
    const { error, socket } = await refusal({ headers: { cookie: `vals_ws=${randomBytes(32).toString('base64url')}`, origin }, reconnection: true });
    assert.equal(error.message, 'Invalid or expired token');
    assert.equal(socket.active, false);
  });
});

describe('a bad token', () => {
  const good = need('VALS_ADMIN_TOKEN');
  const [head, body, signature] = good.split('.');
  const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const bad = {
    'is no token': 'abc',
    'has no signature': `${head}.${body}.`,
    'has another signature': `${head}.${body}.${signature.split('').reverse().join('')}`,
    'has algorithm none': `${unsigned}.${body}.`,
    'is longer than any token': 'x'.repeat(5000),
    'is a key nobody made': `vals_${randomBytes(32).toString('base64url')}`,
    'is a number': 5,
    'is an object': { token: good },
  };

  for (const [what, token] of Object.entries(bad))
    test(`that ${what} is refused for good`, async () => {
      const { error, socket } = await refusal({ auth: { token }, reconnection: true, transports: ['websocket'] });
      assert.equal(error.message, 'Invalid or expired token');
      assert.equal(error.data.code, 'TOKEN_INVALID');
      assert.equal(socket.active, false, 'the client does not try again by itself');
    });

  test('is not made good by a cookie', async () => {
    const { cookie } = await visitor('operator');
    const { error } = await refusal({ auth: { token: 'abc' }, headers: { cookie, origin } });
    assert.equal(error.message, 'Invalid or expired token');
  });

  test('none at all is refused too', async () => {
    const { error } = await refusal({});
    assert.equal(error.message, 'Authentication required');
    assert.equal(error.data.code, 'TOKEN_MISSING');
  });

  test('in a namespace we do not have is not even looked at', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send(`40/admin,{"token":"${good}"}`);
    assert.equal(await frame(ws, /^44/), '44/admin,{"message":"Invalid namespace"}');
    ws.close();
  });
});

describe('staying', () => {
  test('ends with the session behind the cookie, by closing the transport', async () => {
    const { cookie, id } = await newVisitor('operator');
    const { socket, left } = await enterForSeconds(async (seconds) => {
      await execute("update vals.sessions set expires_at = now() + make_interval(secs => :secs) where user_id = :'id'", { id, secs: seconds });
      return open({ headers: { cookie, origin } });
    });
    const refused = new Promise((resolve) => socket.once('connect_error', resolve));
    assert.equal(await left, 'transport close');
    assert.equal(socket.active, true, 'the client comes back by itself');
    await refused;
  });

  test('ends when the token expires, by closing the transport; with a new one it goes on where it was', async () => {
    const { email } = await newVisitor('operator');
    const lasting = await shortToken(email, 600);
    let token;
    const { socket, left } = await enterForSeconds(async (seconds) => {
      token = await shortToken(email, seconds + 1);
      return open({ auth: (give) => give({ token }), transports: ['websocket'], reconnectionDelay: 50 });
    });
    const { id } = socket;
    const again = new Promise((resolve) => socket.once('connect', resolve));
    token = lasting;
    assert.equal(await left, 'transport close');
    await again;
    assert.equal(socket.recovered, true);
    assert.equal(socket.id, id);
  });

  test('ends within seconds of an API key being revoked', async () => {
    const { id, key } = expectStatus(await admin.post('/api/keys', { name: `socket ${randomBytes(4).toString('hex')}` }), 201).body.data;
    const left = leaving(await enter({ token: key }));
    expectStatus(await admin.delete(`/api/keys/${id}`), 200);
    assert.equal(await left, 'transport close');
    const { error } = await refusal({ token: key });
    assert.equal(error.message, 'Invalid or expired token');
  });

  test('ends within seconds of signing out', async () => {
    const { token } = await newVisitor('operator');
    const left = leaving(await enter({ token }));
    expectStatus(await caller(token).post('/api/auth/logout'), 200);
    assert.equal(await left, 'transport close');
  });

  test('ends within seconds of the account being switched off', async () => {
    const { token, id } = await newVisitor('analyst');
    const left = leaving(await enter({ token }));
    await execute("update vals.users set is_active = false where id = :'id'", { id });
    assert.equal(await left, 'transport close');
    const { error } = await refusal({ token });
    assert.equal(error.message, 'Invalid or expired token');
  });

  test('is not possible with a role the account no longer has', async () => {
    const { token, id } = await newVisitor('operator');
    await execute("update vals.users set role = 'analyst' where id = :'id'", { id });
    const { error } = await refusal({ token });
    assert.equal(error.message, 'Invalid or expired token');
  });

  test('is not possible without signing in: the connection is closed after ten seconds', async () => {
    const began = Date.now();
    const ws = dial();
    await frame(ws, /^0/);
    assert.equal(await ws.closing, 1008);
    assert.ok(Date.now() - began > 9000);
  });
});
