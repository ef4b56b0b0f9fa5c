/*
 * memory.mjs - resident memory of one idle API worker, and of vals-ws with sockets
 *
 * RSS counts shared pages in every process; private is what one process more
 * would cost. Run by ./dev bench memory; VALS_BENCH_SOCKETS says how many (1000).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const SOCKETS = Number(process.env.VALS_BENCH_SOCKETS ?? 1000);
const AT_ONCE = 50;
const WARM_UP_REQUESTS = 400;
const SETTLE_MS = 2000;

const { VALS_URL: url, VALS_STATE: state, VALS_ADMIN_TOKEN: token } = process.env;
if (!url || !state || !token) throw new Error('run by ./dev bench');

const pidOf = (program) => Number(readFileSync(join(state, 'run', `${program}.pid`), 'utf8'));

/* Fields of a /proc file of "Name: 123 kB" lines, in kB. */
function kilobytes(file) {
  const fields = readFileSync(file, 'utf8').matchAll(/^(\w+):\s+(\d+) kB$/gm);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, Number(value)]));
}

function memoryOf(pid) {
  const { Rss, Private_Clean: clean, Private_Dirty: dirty } = kilobytes(`/proc/${pid}/smaps_rollup`);
  return { rss: Rss, own: clean + dirty };
}

/* The name in /proc/PID/stat may hold blanks; the parent is the second field after it. */
function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}

const childrenOf = (parent) =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === parent).map(Number);

async function get(path) {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
}

/* Workers that have worked: their caches and statements are part of the price. */
async function warmUp() {
  for (let done = 0; done < WARM_UP_REQUESTS; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => get('/api/leads?limit=20')));
}

function connect() {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true, reconnection: false });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

async function connectMany(count) {
  const sockets = [];
  while (sockets.length < count) {
    const batch = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, connect))));
  }
  return sockets;
}

const bySize = (a, b) => a.own - b.own;

function row(what, { rss, own }) {
  console.log(`${what.padEnd(36)} ${String(rss).padStart(9)} ${String(own).padStart(11)}`);
}

console.log(`${''.padEnd(36)} ${'rss_kB'.padStart(9)} ${'private_kB'.padStart(11)}`);

await warmUp();
await sleep(SETTLE_MS);
const workers = childrenOf(pidOf('vals-api')).map(memoryOf);
if (!workers.length) throw new Error('vals-api has no workers');
row('vals-api master', memoryOf(pidOf('vals-api')));
workers.sort(bySize);
row(`vals-api worker, middle of ${workers.length}`, workers[Math.floor(workers.length / 2)]);
row('vals-api worker, the largest', workers.at(-1));
row('vals-runner', memoryOf(pidOf('vals-runner')));

const daemon = pidOf('vals-ws');
const before = memoryOf(daemon);
row('vals-ws, 0 sockets', before);
const sockets = await connectMany(SOCKETS);
await sleep(SETTLE_MS);
const after = memoryOf(daemon);
row(`vals-ws, ${SOCKETS} sockets`, after);
const each = (name) => ((after[name] - before[name]) / SOCKETS).toFixed(1);
row('  per socket', { rss: each('rss'), own: each('own') });

for (const socket of sockets) socket.disconnect();
await sleep(SETTLE_MS);
row('vals-ws, after they left', memoryOf(daemon));
