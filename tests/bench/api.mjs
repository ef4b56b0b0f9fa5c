/*
 * api.mjs - throughput of the API, beside the same SQL without it
 *
 * wrk asks through nginx, pgbench runs the statement behind the route with prepared statements and 8 clients, both
 * on this machine and by turns: the ratio at 50 connections is the middle one of several pairs of windows that lie
 * beside each other, so that a machine with other work to do misleads less; the ratio of processor times, which is what
 * a machine with nothing else to do comes to, misleads least. 100,000 leads, 200,000 calls.
 * Run by ./dev bench api.
 *
 *	VALS_BENCH_SECONDS	length of one window (3); with 1000 connections at least 8
 *	VALS_BENCH_PAIRS	pairs of windows for a ratio (3)
 *	VALS_BENCH_CASES	comma-separated beginnings of names of cases; all
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCases } from './api/cases.mjs';
import { measureHttp, measureSql, someLeads } from './api/load.mjs';
import { cpuOf } from './api/proc.mjs';

const { VALS_URL: url, VALS_DATABASE_URL: database, VALS_ADMIN_TOKEN: token, VALS_AGENT_KEY: agentKey, VALS_STATE: state } = process.env;
if (!url || !state) throw new Error('run by ./dev bench');

const SECONDS = Number(process.env.VALS_BENCH_SECONDS ?? 3);
const PAIRS = Number(process.env.VALS_BENCH_PAIRS ?? 3);
const WANTED = process.env.VALS_BENCH_CASES?.split(',') ?? [''];
const SQL_CLIENTS = 8;
const FEW = 50;
const CROWD = 1000;
const CROWD_SECONDS = Math.max(8, SECONDS);
const CALLS = 16;
const BACKGROUND_S = 9;
const SETTLE_MS = 500;
const ANSWERED_MS = 6000;	/* the simulator's people need a moment */

async function ask(method, path, body, bearer) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

/* Calls that are alive, with numbers a human answers at. */
async function makeCalls() {
  const ids = [];
  for (let i = 0; i < CALLS; i++) {
    const phone = `+1646${Math.floor(1e7 + Math.random() * 9e7)}99`;
    const lead = await ask('POST', '/api/leads', { firstName: 'Bench', lastName: 'Call', phone, source: 'bench' }, token);
    ids.push((await ask('POST', '/api/agent/start-call', { leadId: lead.id }, agentKey)).callId);
  }
  await sleep(ANSWERED_MS);
  return ids;
}

const endCalls = (calls) => Promise.all(calls.map((callId) => ask('POST', '/api/agent/end-call', { callId }, agentKey)));

/* What the database does of its own accord, microseconds in a second: the dashboard is made anew now and then. */
async function measureBackground() {
  const before = cpuOf(state, 'postgres');
  await sleep(BACKGROUND_S * 1000);
  return (cpuOf(state, 'postgres') - before) / BACKGROUND_S;
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

function print(...cells) {
  const widths = [-18, 6, 10, 8, 8, 7, 8, 7, 10, 6, 6, 6];
  const row = cells.map((cell, i) => (widths[i] < 0 ? `${cell}`.padEnd(-widths[i]) : `${cell}`.padStart(widths[i])));
  console.log(row.join(' ').trimEnd());
}

function printHttp(name, connections, seen, ...more) {
  print(name, connections, Math.round(seen.rate), seen.p50.toFixed(2), seen.p99.toFixed(1), seen.errors,
    Math.round(seen.cpu), seen.own.toFixed(2), ...more);
}

/* What the crowd asked last is worked off although it has left; who asks now comes after that. */
async function settle() {
  await ask('GET', '/api/auth/me', undefined, token);
  await sleep(SETTLE_MS);
}

/* One case: 50 connections and pgbench by turns, then one connection, then the crowd. */
async function measure(folder, benchCase, background) {
  const http = (connections, seconds) => measureHttp(folder, state, url, benchCase.lua, connections, seconds);
  const pairs = [];
  await http(FEW, 1);
  for (let i = 0; i < PAIRS; i++) {
    const sql = await measureSql(folder, state, database, benchCase.sql, SQL_CLIENTS, SECONDS);
    const seen = await http(FEW, SECONDS);
    pairs.push({ tps: sql.tps, seen, ratio: seen.rate / sql.tps, byCpu: (sql.whole - background / sql.tps) / (seen.whole - background / seen.rate) });
  }
  const ratio = middle(pairs.map((pair) => pair.ratio));
  const byCpu = middle(pairs.map((pair) => pair.byCpu));
  const { tps, seen } = pairs.find((pair) => pair.ratio === ratio);
  const least = Math.min(...pairs.map((pair) => pair.seen.cpu));
  printHttp(benchCase.name, 1, await http(1, SECONDS));
  printHttp('', FEW, { ...seen, cpu: least }, Math.round(tps), ratio.toFixed(2), byCpu.toFixed(2), benchCase.aim?.toFixed(2) ?? '', benchCase.beside ?? '');
  const crowd = await http(CROWD, CROWD_SECONDS);
  await settle();
  const share = crowd.rate / middle(pairs.map((pair) => pair.seen.rate));
  printHttp('', CROWD, crowd, '', '', '', '', `${share.toFixed(2)} of ${FEW}`);
}

const folder = mkdtempSync(join(tmpdir(), 'vals-bench-'));
let calls = [];
try {
  const leads = someLeads(database);
  calls = await makeCalls();
  print('case', 'conns', 'requests/s', 'p50_ms', 'p99_ms', 'errors', 'cpu_us', 'wrk', 'pgbench', 'ratio', 'by_cpu', 'aim');
  const background = await measureBackground();
  for (const benchCase of makeCases({ token, agentKey, leads, calls }))
    if (WANTED.some((name) => benchCase.name.startsWith(name))) await measure(folder, benchCase, background);
} finally {
  await endCalls(calls);
  rmSync(folder, { recursive: true });
}
console.log(`cpu_us: user and system time of nginx and the workers per request, the least of ${PAIRS} windows; wrk: processors the client took`);
console.log('by_cpu: the ratio of the processor time of one transaction, pgbench included, to that of one request, wrk included');
console.log(`pgbench: its tps with ${SQL_CLIENTS} clients beside the row's window; ratio: the middle of ${PAIRS} pairs of windows of ${SECONDS} s`);
