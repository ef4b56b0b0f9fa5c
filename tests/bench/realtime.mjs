/*
 * realtime.mjs - vals-ws and Node's socket.io, side by side, with the same load
 *
 * Both listen on a unix socket, get the same events from the same database, and are
 * measured one after the other with the same clients (realtime/wsload.c). A delivery is one
 * event at one client. Run by ./dev bench realtime.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startLoad } from './realtime/load.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { VALS_URL, VALS_DATABASE_URL, VALS_ADMIN_TOKEN, VALS_STATE, VALS_WS_SOCKET, VALS_WSLOAD } = process.env;
if (!VALS_WSLOAD) throw new Error('run by ./dev bench');

const SIZES = (process.env.VALS_BENCH_SUBSCRIBERS ?? '1000,5000,10000').split(',').map(Number);
const BURST_DELIVERIES = 400_000;	/* as fast as it goes */
const STEADY_DELIVERIES = 20_000;	/* a second */
const STEADY_EVENTS = 60;
const ECHOES = 20_000;
const ECHO_PEERS = [100, 8000];
const PROXIED = 5000;
const STALLED = 500;	/* beside as many that read */
const STALLED_EVENTS = { count: 200, rate: 10, filler: 8192 };	/* more than a queue and a pipe hold */
const STALLED_SECONDS = 60;	/* within which they should be gone */
const TICK_S = 0.01;	/* of /proc/PID/stat */

/* ---- the servers ---- */

function valsPid() {
  try {
    return Number(readFileSync(join(VALS_STATE, 'run', 'vals-ws.pid'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return 0;	/* between two of them */
    throw error;
  }
}

/* By a session that is closed at once: it would count among the connections. */
async function isReady() {
  const path = `${VALS_URL}/socket.io/?EIO=4&transport=polling`;
  const answer = await fetch(path);
  if (answer.status !== 200) return false;
  const { sid } = JSON.parse((await answer.text()).slice(1));
  await fetch(`${path}&sid=${sid}`, { method: 'POST', body: '1' });
  return true;
}

/* A new one, so that no earlier load is in its memory; its supervisor starts it. */
async function startVals() {
  const old = valsPid();
  process.kill(old);
  while ([0, old].includes(valsPid()) || !(await isReady())) await sleep(200);
  return { name: 'vals-ws', pid: valsPid(), address: VALS_WS_SOCKET, stop: async () => {} };
}

async function startNode() {
  const folder = mkdtempSync(join(tmpdir(), 'vals-bench-'));
  const address = join(folder, 'node.sock');
  const child = spawn(process.execPath, [join(here, 'realtime', 'node.mjs'), address, VALS_DATABASE_URL], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const gone = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    gone.then(() => Promise.reject(new Error('the Node server did not start'))),
  ]);
  return {
    name: 'socket.io',
    pid: child.pid,
    address,
    stop: async () => {
      child.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/* Seconds of CPU a process has used, all its threads together; the name may hold blanks. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_S;
}

function rssOf(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

/* ---- the events ---- */

const database = new pg.Client(VALS_DATABASE_URL);
await database.connect();

const EVENT = `jsonb_build_object('leadId', $1::text, 'n', $2::int, 'filler', repeat('x', $3::int),
  'at', (extract(epoch from clock_timestamp()) * 1000000)::bigint)`;

async function emitOne(mark, n, filler) {
  await database.query({ name: 'emit', text: `select vals.emit('lead.updated', null, null, ${EVENT})`, values: [mark, n, filler] });
  await database.query('notify vals_event');
}

/* count events, so many a second. */
async function emitSteadily(count, rate, filler = 0) {
  const mark = randomUUID();
  const begin = performance.now();
  for (let n = 1; n <= count; n++) {
    await emitOne(mark, n, filler);
    await sleep(Math.max(0, begin + (n * 1000) / rate - performance.now()));
  }
}

/* count events, each its own transaction, as fast as they can be committed. */
async function emitBurst(count) {
  const event = EVENT.replace('$1', `'${randomUUID()}'`).replace('$2', 'i').replace('$3', '0');
  await database.query(`do $$ begin
    for i in 1..${count} loop
      perform vals.emit('lead.updated', null, null, ${event});
      perform pg_notify('vals_event', '');
      commit;
    end loop;
  end $$`);
}

/* ---- what is measured ---- */

const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/* Run something and see what the server used meanwhile, and how busy the busiest client was. */
async function watch(server, work) {
  const before = cpuOf(server.pid);
  const result = await work();
  return { ...result, cpu: cpuOf(server.pid) - before };
}

const steady = (server, load, size) =>
  watch(server, () => load.hear(STEADY_EVENTS, () => emitSteadily(STEADY_EVENTS, STEADY_DELIVERIES / size)));

function burst(server, load, size) {
  const events = Math.max(20, Math.round(BURST_DELIVERIES / size));
  return watch(server, () => load.hear(events, () => emitBurst(events)));
}

async function measureFanOut(server, load, size) {
  const fast = await burst(server, load, size);
  await sleep(500);
  const calm = await steady(server, load, size);
  return {
    perSecond: fast.messages / fast.seconds,
    burstCpu: (fast.cpu / fast.messages) * 1e6,
    clientBusy: Math.max(...fast.clientCpu) / fast.seconds,
    steadyCpu: (calm.cpu / calm.messages) * 1e6,
    p50: percentile(calm.lastMs, 0.5),
    p99: percentile(calm.lastMs, 0.99),
  };
}

async function measureEcho(server, load) {
  await load.echo(200);
  const before = cpuOf(server.pid);
  const us = await load.echo(ECHOES);
  return { us, cpu: ((cpuOf(server.pid) - before) / ECHOES) * 1e6 };
}

/* Grow the crowd of a new server step by step, and look at it at each. */
async function grow(start, sizes, look) {
  const server = await start();
  const load = startLoad(VALS_WSLOAD, server.address, VALS_ADMIN_TOKEN);
  let open = 0;
  for (const size of [...sizes].sort((a, b) => a - b)) {
    if (size > open) await load.open(size - open);
    open = size;
    await sleep(1000);
    await look(server, load, size);
  }
  const { reading } = await load.lost();
  if (reading > 0) throw new Error(`${server.name} cut ${reading} clients`);
  await load.end();
  await server.stop();
  return server.name;
}

/* Memory first and by itself: what events leave behind is not the price of a connection. */
async function measure(start) {
  const result = { sizes: {}, echo: {}, memory: {} };
  let empty = 0;
  await grow(start, [0, ...SIZES], (server, load, size) => {
    const rss = rssOf(server.pid);
    if (size === 0) empty = rss;
    else result.memory[size] = (rss - empty) / size;
  });
  result.name = await grow(start, new Set([...SIZES, ...ECHO_PEERS]), async (server, load, size) => {
    if (ECHO_PEERS.includes(size)) result.echo[size] = await measureEcho(server, load);
    if (SIZES.includes(size)) result.sizes[size] = await measureFanOut(server, load, size);
  });
  return result;
}

async function measureProxied() {
  const start = async () => ({ ...(await startVals()), address: new URL(VALS_URL).port });
  let result;
  await grow(start, [PROXIED], async (server, load, size) => {
    result = await measureFanOut(server, load, size);
  });
  return result;
}

/* Some that never read among some that do: what it does to these, and to the server. */
async function measureStalled(start) {
  const { count, rate, filler } = STALLED_EVENTS;
  const server = await start();
  const load = startLoad(VALS_WSLOAD, server.address, VALS_ADMIN_TOKEN);
  const p99 = async () => percentile((await load.hear(count, () => emitSteadily(count, rate, filler))).lastMs, 0.99);
  await load.open(STALLED);
  const result = { name: server.name, alone: await p99() };
  const before = rssOf(server.pid);
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, rssOf(server.pid))), 250);
  await load.stall(STALLED);
  const begin = performance.now();
  result.among = await p99();
  let cut;
  do {
    await sleep(250);
    cut = await load.lost();
  } while (cut.stalled < STALLED && performance.now() - begin < STALLED_SECONDS * 1000);
  result.seconds = (performance.now() - begin) / 1000;
  clearInterval(sampling);
  result.growth = most - before;
  result.cut = cut;
  await load.end();
  await server.stop();
  return result;
}

/* ---- the tables ---- */

const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(26) : String(cell).padStart(11))).join(''));
const ratio = (ours, theirs) => (ours / theirs).toFixed(2);

function printFanOut(ours, theirs) {
  row('subscribers', 'deliv/s', 'us/deliv', 'us steady', 'p50 ms', 'p99 ms', 'client CPU');
  const line = (name, m) =>
    row(name, Math.round(m.perSecond), m.burstCpu.toFixed(2), m.steadyCpu.toFixed(2), m.p50.toFixed(1), m.p99.toFixed(1), `${Math.round(m.clientBusy * 100)} %`);
  for (const size of SIZES) {
    const a = ours.sizes[size];
    const b = theirs?.sizes[size];
    line(`${size} ${ours.name}`, a);
    if (!b) continue;
    line(`${size} ${theirs.name}`, b);
    row('  ratio', ...['perSecond', 'burstCpu', 'steadyCpu', 'p50', 'p99'].map((what) => ratio(a[what], b[what])));
  }
  return line;
}

function printRest(ours, theirs) {
  const both = theirs ? [ours, theirs] : [ours];
  console.log();
  row('RSS kB per connection', ...SIZES);
  for (const server of both) row(server.name, ...SIZES.map((size) => server.memory[size].toFixed(1)));
  if (theirs) row('  ratio', ...SIZES.map((size) => ratio(ours.memory[size], theirs.memory[size])));
  console.log();
  row('echo, us CPU (us in all)', ...ECHO_PEERS.map((peers) => `${peers} idle`));
  for (const server of both) row(server.name, ...ECHO_PEERS.map((peers) => `${server.echo[peers].cpu.toFixed(0)} (${server.echo[peers].us.toFixed(0)})`));
}

function printStalled(servers) {
  console.log();
  row(`${STALLED} that never read`, 'p99 before', 'p99 among', 'growth kB', 'cut', 'others cut', 'after s');
  for (const s of servers)
    row(s.name, s.alone.toFixed(1), s.among.toFixed(1), s.growth, s.cut.stalled, s.cut.reading, s.seconds.toFixed(0));
}

const alone = Boolean(process.env.VALS_BENCH_ALONE);	/* without Node beside it */
const ours = await measure(startVals);
const theirs = alone ? null : await measure(startNode);
const line = printFanOut(ours, theirs);
if (!alone) line(`${PROXIED} through nginx`, await measureProxied());
printRest(ours, theirs);
printStalled(alone ? [await measureStalled(startVals)] : [await measureStalled(startVals), await measureStalled(startNode)]);
await database.end();
