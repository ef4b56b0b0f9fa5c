/*
 * live_ws.mjs - whatever arrives at the port of a running vals-ws
 *
 *	node live_ws.mjs SECONDS	against VALS_WS_SOCKET; run by ./dev fuzz
 *
 * Requests, polling bodies and websocket frames, first well-formed, then bent: bits turned,
 * pieces dropped, doubled, exchanged, cut short, sent in several parts and left in the middle.
 * Meanwhile and afterwards the daemon must answer a plain handshake, and in the end, when
 * everybody is gone, it must be the same process and at rest. What the sanitizers have to say
 * the caller reads. FUZZ_SEED begins a run with the same bytes, as far as the daemon's pace lets
 * it; what was said last before something was found is kept in FUZZ_LAST, a file.
 */
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const seconds = Number(process.argv[2] ?? 60);
const { VALS_WS_SOCKET: socket, VALS_WS_PID: pid, VALS_ADMIN_TOKEN: token, FUZZ_SEED, FUZZ_LAST } = process.env;
if (!socket || !pid || !token) throw new Error('run by ./dev fuzz');

const AT_ONCE = 24;
const ANSWER_MS = 10_000;	/* a daemon under sanitizers and fire may take its time */
const REST_S = 3;
const REST_SHARE = 0.5;	/* of a core; one that spins takes all of it */

/* ---- chance, repeatable: xorshift32 ---- */

const seed = Number(FUZZ_SEED ?? randomInt(1, 2 ** 31));
let state = seed;

function random(below) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

const chance = (percent) => random(100) < percent;
const pick = (list) => list[random(list.length)];
const bytes = (count) => Buffer.from(Array.from({ length: count }, () => random(256)));
const several = (most, make) => Array.from({ length: 1 + random(most) }, make);

/* ---- well-formed things ---- */

const EVENTS = ['join-room', 'leave-room', 'monitor-calls', 'engagement-update', 'kevin-availability-update', 'connect', 'nobody'];
const VALUES = ['{"room":"leads"}', '{"room":"call-monitoring"}', '{"callId":"x","score":7}', '{"available":true}', '[]', 'null', '"\\ud800"', '1e999',
  '{"_placeholder":true,"num":0}', '{"_placeholder":true,"num":-1}', `${'['.repeat(600)}${']'.repeat(600)}`];

function socketioPacket() {
  const id = chance(50) ? String(random(1000)) : '';
  const nsp = chance(10) ? pick(['/custom,', '/,', '/x?y=z,']) : '';
  return pick([
    () => `0${nsp}{"token":"${chance(70) ? token : 'bad'}"${chance(20) ? ',"pid":"x","offset":"1"' : ''}}`,
    () => `1${nsp}`,
    () => `2${nsp}${id}["${pick(EVENTS)}",${pick(VALUES)}]`,
    () => `3${nsp}${id}[${pick(VALUES)}]`,
    () => `5${random(12)}-${nsp}${id}["${pick(EVENTS)}",${pick(VALUES)}]`,
    () => `6${random(3)}-${nsp}${id}[${pick(VALUES)}]`,
  ])();
}

const enginePacket = () =>
  pick([() => `4${socketioPacket()}`, () => `4${socketioPacket()}`, () => `4${socketioPacket()}`, () => pick(['1', '2', '3', '5', '6', '2probe', '0{}', 'bAQID', 'b!', '']), () => `b${bytes(random(40)).toString('base64')}`])();

const payload = () => several(6, enginePacket).join('\x1e');

/* The sids that were given out lately: requests for living sessions are worth more. */
const sids = [];

function query(transport) {
  const sid = sids.length > 0 && chance(75) ? `&sid=${pick(sids)}` : '';
  return `/socket.io/?EIO=${chance(95) ? 4 : 3}&transport=${transport}${sid}${chance(10) ? `&t=${'a'.repeat(random(3000))}` : ''}`;
}

const HEADERS = [
  () => 'Host: localhost',
  () => 'Host: localhost',
  () => `Cookie: vals_ws=${'c'.repeat(random(chance(5) ? 40_000 : 100))}`,
  () => `Origin: ${pick(['http://localhost:3000', 'null', 'http://evil.example', '\u0001'])}`,
  () => `X-Real-IP: ${pick(['10.0.0.1', '::1', 'x'.repeat(200)])}`,
  () => `Access-Control-Request-Headers: ${'h'.repeat(random(3000))}`,
  () => `Content-Type: ${pick(['text/plain;charset=UTF-8', 'application/octet-stream'])}`,
  () => 'Expect: 100-continue',
  () => 'Transfer-Encoding: chunked',
  () => 'Connection: keep-alive',
  () => `${'N'.repeat(random(300))}: ${'v'.repeat(random(300))}`,
];

const head = (method, target, lines) => `${method} ${target} HTTP/1.${chance(95) ? 1 : 0}\r\n${lines.join('\r\n')}\r\n\r\n`;

function getRequest() {
  return Buffer.from(head(pick(['GET', 'GET', 'GET', 'OPTIONS', 'PUT', 'HEAD', 'DELETE', 'BREW']), query('polling'), ['Host: localhost', ...several(3, () => pick(HEADERS)())]));
}

function postRequest() {
  const body = Buffer.from(payload());
  const length = chance(90) ? body.length : pick([0, body.length + 7, body.length - 3, -1, 99_999_999_999]);
  const lines = ['Host: localhost', ...(chance(95) ? [`Content-Length: ${length}`] : []), ...(chance(30) ? [pick(HEADERS)()] : [])];
  return Buffer.concat([Buffer.from(head('POST', query('polling'), lines)), body]);
}

const upgradeRequest = () =>
  Buffer.from(head('GET', query('websocket'), ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Version: ${chance(97) ? 13 : 8}`,
    `Sec-WebSocket-Key: ${bytes(16).toString('base64')}`, ...(chance(20) ? ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] : []), ...(chance(10) ? ['Sec-WebSocket-Protocol: engine.io'] : []), ...(chance(20) ? [pick(HEADERS)()] : [])]));

function frame() {
  const opcode = chance(80) ? 1 : pick([0, 2, 2, 8, 9, 10, 3, 11]);
  const content = opcode === 1 ? Buffer.from(enginePacket()) : bytes(random(chance(5) ? 3000 : 130));
  const first = (chance(92) ? 0x80 : 0) | (chance(3) ? random(8) << 4 : 0) | opcode;
  const mask = chance(97) ? 0x80 : 0;
  const declared = chance(97) ? content.length : random(0x7fffffff);
  let start;
  if (declared < 126) {
    start = Buffer.from([first, mask | declared]);
  } else if (declared < 65536) {
    start = Buffer.from([first, mask | 126, declared >> 8, declared & 255]);
  } else {
    start = Buffer.alloc(10);
    start[0] = first;
    start[1] = mask | 127;
    start.writeBigUInt64BE(BigInt(declared), 2);
  }
  if (!mask) return Buffer.concat([start, content]);
  const key = bytes(4);
  return Buffer.concat([start, key, content.map((byte, i) => byte ^ key[i & 3])]);
}

/* ---- bending ---- */

function bend(data) {
  const at = random(data.length + 1);
  const span = Math.min(data.length - at, random(64));
  const part = data.subarray(at, at + span);
  return pick([
    () => Buffer.concat([data.subarray(0, at), data.subarray(at + span)]),
    () => Buffer.concat([data.subarray(0, at), part, part, data.subarray(at + span)]),
    () => Buffer.concat([data.subarray(0, at), bytes(random(16)), data.subarray(at)]),
    () => data.subarray(0, at),
    () => data.map((byte, i) => (i === at ? pick([0, 10, 13, 32, 37, 127, 255, byte ^ (1 << random(8))]) : byte)),
  ])();
}

function bent(data) {
  let result = data;
  if (chance(35)) for (let times = 1 + random(3); times > 0; times--) result = bend(result);
  return result;
}

/* ---- connections ---- */

/* What one connection says, in the parts it is written in. */
function script() {
  if (chance(45)) return [upgradeRequest(), ...several(8, frame)].map(bent);
  const requests = several(chance(25) ? 3 : 1, () => (chance(50) ? getRequest() : postRequest())).map(bent);
  if (chance(50)) return [Buffer.concat(requests)];	/* pipelined, in one segment */
  return requests.flatMap((request) => (chance(70) ? [request] : [request.subarray(0, request.length >> 1), request.subarray(request.length >> 1)]));
}

const counts = { connections: 0, bytes: 0, answers: 0, upgrades: 0 };

function note(answer) {
  const sid = /"sid":"([^"]+)"/.exec(answer)?.[1];
  if (answer.includes('HTTP/1.1 101')) counts.upgrades++;
  else if (answer.includes('HTTP/1.')) counts.answers++;
  if (!sid) return;
  sids.push(sid);
  if (sids.length > 40) sids.shift();
}

const last = [];

/* Say it, and go: politely, in the middle, or only after listening for a while. */
async function converse(parts) {
  last.push(parts);
  if (last.length > 100) last.shift();
  const peer = connect(socket);
  const closed = new Promise((resolve) => peer.on('close', resolve));
  peer.on('error', () => peer.destroy());	/* cut by the daemon, as most of these deserve */
  peer.on('data', (chunk) => note(chunk.toString('latin1')));
  counts.connections++;
  for (const part of parts) {
    if (peer.destroyed) break;
    if (part.length > 0) peer.write(part);
    counts.bytes += part.length;
    if (chance(60)) await sleep(random(4));
  }
  if (chance(30)) peer.end();
  await Promise.race([closed, sleep(chance(10) ? random(1500) : random(20))]);
  peer.destroy();
}

/* A plain handshake, answered in time. */
function handshake() {
  return new Promise((resolve, reject) => {
    const peer = connect(socket);
    let answer = '';
    const late = setTimeout(() => reject(new Error('the daemon does not answer')), ANSWER_MS);
    peer.on('error', reject);
    peer.on('data', (chunk) => (answer += chunk));
    peer.on('close', () => {
      clearTimeout(late);
      if (/^HTTP\/1.1 (200|503) /.test(answer)) resolve();
      else reject(new Error(`a handshake was answered: ${answer.slice(0, 200)}`));
    });
    peer.write('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n');
  });
}

/* Seconds of CPU so far; the name in /proc/PID/stat may hold blanks. */
function cpu() {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function rest() {
  await sleep(REST_S * 1000);	/* sessions run out meanwhile */
  const before = cpu();
  await sleep(REST_S * 1000);
  const share = (cpu() - before) / REST_S;
  if (share > REST_SHARE) throw new Error(`the daemon is not at rest: ${Math.round(share * 100)} % of a core with nobody there`);
}

console.log(`seed ${seed}`);
const end = performance.now() + seconds * 1000;
const workers = Array.from({ length: AT_ONCE }, async () => {
  while (performance.now() < end) await converse(script());
});
const doctor = (async () => {
  while (performance.now() < end) {
    await handshake();
    await sleep(1000);
  }
})();
try {
  await Promise.all([...workers, doctor]);
  await rest();
  await handshake();
} catch (error) {
  if (FUZZ_LAST) writeFileSync(FUZZ_LAST, JSON.stringify(last.map((parts) => parts.map((part) => part.toString('latin1'))), null, 1));
  throw error;
}
console.log(`${counts.connections} connections, ${counts.bytes} bytes, ${counts.answers} answers, ${counts.upgrades} websockets`);
