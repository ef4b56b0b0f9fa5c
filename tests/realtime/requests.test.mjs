/* Requests no stock client would make, at the daemon's own door. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { eventually, need } from '../api/support.mjs';
import { daemonPid } from './link.mjs';
import { POLLING, WebSocket, dial, frame, handshake, knock, origin, sleep } from './support.mjs';

/* The share of a core that a process uses; the name in /proc/PID/stat may hold blanks. */
async function busyShare(pid) {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await sleep(1000);
  return (ticks() - before) / 100;
}

const refused = (answer, status, code, message) => {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(JSON.parse(answer.text), { code, message });
  assert.match(answer.headers['content-type'], /^application\/json/);
};

describe('a handshake', () => {
  test('is answered with exactly five keys', async () => {
    const answer = await knock('GET', POLLING);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.text[0], '0');
    const open = JSON.parse(answer.text.slice(1));
    assert.deepEqual(Object.keys(open), ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload']);
    assert.deepEqual(open.upgrades, ['websocket']);
    assert.match(open.sid, /^[0-9]+-[\w-]{20,}$/);
    assert.equal(open.maxPayload, 1_000_000);
  });

  test('may have its arguments in any order, encoded, among long others', async () => {
    const answer = await knock('GET', `/socket.io/?token=${'x'.repeat(3000)}&t=abc&transport=p%6Flling&b64=1&EIO=%34`);
    assert.equal(answer.status, 200, answer.text);
  });

  test('may come with 16 kB of headers, also through the proxy', async () => {
    const headers = { cookie: `a=${'x'.repeat(12_000)}`, 'x-filler': 'y'.repeat(4000) };
    assert.equal((await knock('GET', POLLING, { headers })).status, 200);
    assert.equal((await fetch(`${origin}${POLLING}`, { headers })).status, 200);
  });

  for (const name of ['a', 'x', 'X-A', 'content', 'sec-websocket'])
    test(`is not held up by a header called ${name}, the last of all`, async () => {
      const { hostname, port } = new URL(origin);
      const socket = connect({ host: hostname, port });
      socket.write(`GET ${POLLING} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${name}: y\r\n\r\n`);
      const [head] = await once(socket, 'data');
      assert.match(head.toString(), /^HTTP\/1.1 200 /);
      socket.destroy();
    });

  for (const [method, path, status, code, message] of [
    ['GET', '/socket.io/?EIO=4', 400, 0, 'Transport unknown'],
    ['GET', '/socket.io/?EIO=4&transport=abc', 400, 0, 'Transport unknown'],
    ['GET', '/socket.io/', 400, 0, 'Transport unknown'],
    ['GET', `${POLLING}&sid=nobody`, 400, 1, 'Session ID unknown'],
    ['GET', `${POLLING}&sid=`, 400, 1, 'Session ID unknown'],
    ['GET', `${POLLING}&sid=${'x'.repeat(500)}`, 400, 1, 'Session ID unknown'],
    ['POST', `${POLLING}&sid=nobody`, 400, 1, 'Session ID unknown'],
    ['POST', POLLING, 400, 2, 'Bad handshake method'],
    ['PUT', POLLING, 400, 2, 'Bad handshake method'],
    ['DELETE', POLLING, 400, 2, 'Bad handshake method'],
    ['OPTIONS', POLLING, 400, 2, 'Bad handshake method'],
    ['GET', '/socket.io/?EIO=4&transport=websocket', 400, 3, 'Bad request'],
    ['GET', '/socket.io/?transport=polling', 400, 5, 'Unsupported protocol version'],
    ['GET', '/socket.io/?EIO=3&transport=polling', 400, 5, 'Unsupported protocol version'],
    ['GET', '/socket.io/?EIO=abc&transport=polling', 400, 5, 'Unsupported protocol version'],
  ])
    test(`${method} ${path.slice(0, 60)} is refused with code ${code}`, async () => {
      refused(await knock(method, path, method === 'POST' ? { body: '4x' } : {}), status, code, message);
    });

  test('by HEAD is refused without a word', async () => {
    const answer = await knock('HEAD', POLLING);
    assert.deepEqual([answer.status, answer.text], [400, '']);
  });

  for (const path of ['/', '/socket.io', '/socket.io/x?EIO=4&transport=polling', '/engine.io/?EIO=4&transport=polling'])
    test(`${path} is no place to meet`, async () => {
      assert.equal((await knock('GET', path)).status, 404);
    });
});

describe('the Origin', () => {
  const own = { 'x-forwarded-proto': 'https', origin: 'https://vals.test' };

  test('of our own pages is allowed, with credentials', async () => {
    const answer = await knock('GET', POLLING, { headers: own });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], 'https://vals.test');
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.match(answer.headers.vary, /Origin/);
  });

  for (const origin of ['https://evil.test', 'http://vals.test', 'https://vals.test.evil.test', 'null', 'https://vals.test:8443'])
    test(`${origin} is refused, for a handshake, a session and an upgrade`, async () => {
      const headers = { ...own, origin };
      const sid = await handshake();
      refused(await knock('GET', POLLING, { headers }), 403, 4, 'Forbidden');
      refused(await knock('POST', `${POLLING}&sid=${sid}`, { headers, body: '40' }), 403, 4, 'Forbidden');
      assert.match(String(await dial({ headers }).closing), /403/);
      assert.match(String(await dial({ headers, query: `&sid=${sid}` }).closing), /403/);
    });

  test('asks beforehand what it may send', async () => {
    const answer = await knock('OPTIONS', POLLING, { headers: { ...own, 'access-control-request-headers': 'x-mine' } });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-methods'], 'GET,POST');
    assert.equal(answer.headers['access-control-allow-headers'], 'x-mine');
    refused(await knock('OPTIONS', POLLING, { headers: { ...own, origin: 'https://evil.test' } }), 403, 4, 'Forbidden');
  });
});

describe('a polling session', () => {
  const at = (sid) => `${POLLING}&sid=${sid}`;
  const gone = async (sid) => refused(await knock('GET', at(sid)), 400, 1, 'Session ID unknown');

  test('takes an empty POST', async () => {
    const sid = await handshake();
    const answer = await knock('POST', at(sid), { body: '' });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'ok');
    assert.match(answer.headers['content-type'], /^text\/html/);
  });

  test('ends with a second GET', async () => {
    const sid = await handshake();
    const first = knock('GET', at(sid));
    await sleep(100);
    assert.equal((await knock('GET', at(sid))).status, 400);
    assert.equal((await first).text, '1');
    await gone(sid);
  });

  test('is heard in order when two GETs were both there before the daemon looked', async () => {
    const sid = await handshake();
    const daemon = await daemonPid(0);
    process.kill(daemon, 'SIGSTOP');
    const first = knock('GET', at(sid));
    await sleep(50);
    const second = knock('GET', at(sid));
    await sleep(50);
    process.kill(daemon, 'SIGCONT');
    assert.equal((await first).text, '1');
    assert.equal((await second).status, 400);
  });

  test('ends when its GET is aborted', async () => {
    const sid = await handshake();
    const held = request({ socketPath: need('VALS_WS_SOCKET'), path: at(sid), headers: { host: 'vals.test' } });
    held.on('error', () => held.destroy());
    held.end();
    await once(held, 'finish');
    /* Whoever was answered after it was written is answered after it was read. */
    for (let i = 0; i < 2; i += 1) await handshake();
    held.destroy();
    await eventually(async () => (await knock('POST', at(sid), { body: '' })).status === 400, 'its end is noticed');
    await gone(sid);
  });

  test('ends with what is no packet', async () => {
    for (const body of ['abc', '4a\x1e', '2', '4abc', '42["early"]']) {
      const sid = await handshake();
      assert.equal((await knock('POST', at(sid), { body })).status, 400, body);
      await gone(sid);
    }
  });

  test('ends with a close, and the GET is let go', async () => {
    const sid = await handshake();
    const held = knock('GET', at(sid));
    await sleep(100);
    assert.equal((await knock('POST', at(sid), { body: '1' })).text, 'ok');
    assert.equal((await held).text, '6');
    await gone(sid);
  });

  test('ends with a body above the limit: 413', async () => {
    const sid = await handshake();
    assert.equal((await knock('POST', at(sid), { body: `4${'x'.repeat(1_000_000)}` })).status, 413);
    await gone(sid);
  });

  test('ends with octets', async () => {
    const sid = await handshake();
    const answer = await knock('POST', at(sid), { body: '4x', headers: { 'content-type': 'application/octet-stream' } });
    assert.equal(answer.status, 400);
    await gone(sid);
  });

  test('refuses other methods and lives on', async () => {
    const sid = await handshake();
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) assert.equal((await knock(method, at(sid))).status, 500, method);
    assert.equal((await knock('POST', at(sid), { body: '' })).status, 200);
  });

  test('refuses a body without a length', async () => {
    const sid = await handshake();
    const answer = await new Promise((resolve, reject) => {
      const sent = request({ socketPath: need('VALS_WS_SOCKET'), method: 'POST', path: at(sid), headers: { host: 'vals.test', 'transfer-encoding': 'chunked' } }, resolve);
      sent.on('error', reject);
      sent.write('4x');
    });
    assert.equal(answer.statusCode, 411);
    answer.destroy();
  });

  for (const [length, status] of [['-5', 400], ['abc', 400], ['2, 3', 400], ['9223372036854775808', 413]])
    test(`refuses a body of length ${length}`, async () => {
      const socket = connect(need('VALS_WS_SOCKET'));
      socket.write(`POST ${at(await handshake())} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n3`);
      const [head] = await once(socket, 'data');
      assert.match(head.toString(), new RegExp(`^HTTP/1.1 ${status} `));
      socket.destroy();
    });

  test('has its connection closed after each answer, so that nothing follows in it', async () => {
    const sid = await handshake();
    const get = `GET ${at(sid)} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const post = `POST ${at(sid)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3`;
    for (const bytes of [post + post, post + get, get + post, get + get]) {
      const socket = connect(need('VALS_WS_SOCKET'));
      const chunks = [];
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.write(bytes);
      await sleep(200);
      assert.equal((await knock('GET', POLLING)).status, 200, 'the daemon goes on');
      socket.destroy();
      assert.ok(Buffer.concat(chunks).toString().split('HTTP/1.1 ').length <= 2, 'one answer at most');
    }
    assert.ok((await busyShare(await daemonPid(0))) < 0.5, 'the daemon does not spin');
  });
});

describe('a websocket', () => {
  test('of no known session is refused', async () => {
    assert.match(String(await dial({ query: '&sid=nobody' }).closing), /400/);
  });

  for (const [what, more] of Object.entries({
    'without a key': { 'sec-websocket-key': [] },
    'with half a key': { 'sec-websocket-key': 'dGhlIHNhbXBs' },
    'without a version': { 'sec-websocket-version': [] },
    'of another version': { 'sec-websocket-version': '8' },
  }))
    test(`${what} is refused`, async () => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...more };
      refused(await knock('GET', '/socket.io/?EIO=4&transport=websocket', { headers }), 400, 3, 'Bad request');
    });

  test('that says what is no packet is closed', async () => {
    for (const text of ['abc', '', '2', '5', '4abc', '42["early"]', 'bAQID', '40[]', '44{"message":"x"}']) {
      const ws = dial();
      await frame(ws, /^0/);
      ws.send(text);
      assert.equal(await ws.closing, 1002, text);
    }
  });

  test('that announces no binary may not send any', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send(Buffer.from([1, 2, 3]));
    assert.equal(await ws.closing, 1002);
  });

  test('with a message above the limit is closed with 1009', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send(`4${'x'.repeat(1_000_000)}`);
    assert.equal(await ws.closing, 1009);
  });

  test('with bytes that are no text is closed with 1007', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send(Buffer.from([0x34, 0xff, 0xfe]), { binary: false });
    assert.equal(await ws.closing, 1007);
  });

  test('may send a message in fragments', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send('40{"token":', { fin: false });
    ws.send('"abc"', { fin: false });
    ws.send('}');
    assert.match(await frame(ws, /^44/), /Invalid or expired token/);
    ws.close();
  });

  test('that closes politely is answered', async () => {
    const ws = dial();
    await frame(ws, /^0/);
    ws.send('1');
    assert.equal(await ws.closing, 1000);
  });

  test('cannot take over a session that has one', async () => {
    const sid = await handshake();
    const first = dial({ query: `&sid=${sid}` });
    await eventually(() => first.readyState === WebSocket.OPEN, 'the probe is open');
    first.send('2probe');
    await frame(first, /^3probe$/);
    first.send('5');
    await sleep(50);
    refused(await knock('GET', `${POLLING}&sid=${sid}`), 400, 3, 'Bad request');
    const second = dial({ query: `&sid=${sid}` });
    assert.equal(await second.closing, 1002);
    first.send('40{"token":"abc"}');
    assert.match(await frame(first, /^44/), /Invalid or expired token/);
    first.close();
  });

  test('that probes badly is closed, and polling goes on', async () => {
    const sid = await handshake();
    const probe = dial({ query: `&sid=${sid}` });
    await eventually(() => probe.readyState === WebSocket.OPEN, 'the probe is open');
    probe.send('4hello');
    assert.equal(await probe.closing, 1002);
    assert.equal((await knock('POST', `${POLLING}&sid=${sid}`, { body: '' })).text, 'ok');
  });
});

describe('noise', () => {
  const noise = [
    'GET', '\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\0'.repeat(1000), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `GET ${POLLING} HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(40_000)}\r\n\r\n`,
    `POST ${POLLING}&sid=x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n4x`,
    `POST ${POLLING}&sid=x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n4x`,
    `GET ${POLLING} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n`,
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    `CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`,
  ];

  test('does not keep the daemon from serving', async () => {
    for (const bytes of noise) {
      const socket = connect(need('VALS_WS_SOCKET'));
      socket.on('error', () => socket.destroy());
      socket.write(bytes);
      await sleep(30);
      assert.equal((await knock('GET', POLLING)).status, 200, JSON.stringify(bytes.slice(0, 40)));
      socket.destroy();
    }
  });
});
