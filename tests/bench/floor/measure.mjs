/*
 * measure.mjs - a statement by pgbench, by the least FastCGI program, and the route that runs it, by turns
 *
 *	measure.mjs COLUMN LEAD
 *
 * The statements are the floor's, with $1 for a lead's id. FLOOR_STATE and FLOOR_URL: where the floor runs,
 * laid out like a state folder with the floor for its vals-api.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { get } from '../api/cases.mjs';
import { measureHttp, measureSql, someLeads } from '../api/load.mjs';

const { VALS_URL: url, VALS_DATABASE_URL: database, VALS_ADMIN_TOKEN: token, VALS_STATE: state } = process.env;
const { FLOOR_STATE: floorState, FLOOR_URL: floorUrl } = process.env;
const [column, lead] = process.argv.slice(2);
const SECONDS = Number(process.env.VALS_BENCH_SECONDS ?? 3);
const PAIRS = Number(process.env.VALS_BENCH_PAIRS ?? 3);
const SQL_CLIENTS = 8;
const FEW = 50;
const CROWD = 1000;
const CROWD_SECONDS = Math.max(8, SECONDS);
const START_MS = 30_000;

const middle = (list, key) => [...list].sort((a, b) => a[key] - b[key])[list.length >> 1];

function print(...cells) {
  const widths = [-22, 6, 10, 8, 8, 7, 8, 9];
  console.log(cells.map((cell, i) => (widths[i] < 0 ? `${cell}`.padEnd(-widths[i]) : `${cell}`.padStart(widths[i]))).join(' ').trimEnd());
}

/* The floor has just been started. */
async function answers(address) {
  const until = Date.now() + START_MS;
  for (;;) {
    const response = await fetch(address).catch(() => null);
    if (response?.ok) return;
    if (Date.now() > until) throw new Error(`${address}: ${response?.status ?? 'no answer'}`);
    await sleep(100);
  }
}

/* One statement: what pgbench makes of it, then each server with few connections by turns, then with the crowd. */
async function compare(folder, name, statement, servers, leads) {
  const ids = leads.map((id) => `'${id}'`).join(',');
  const sql = `\\set place random(1, ${leads.length})\n${statement.replace('$1', `(array[${ids}]::uuid[])[:place]`)};\n`;
  const http = (server, connections, seconds) =>
    measureHttp(folder, server.state, server.url, get(token, server.paths), connections, seconds);
  const seen = { pgbench: [], servers: servers.map(() => []) };
  for (let i = 0; i < PAIRS; i++) {
    seen.pgbench.push(await measureSql(folder, floorState, database, sql, SQL_CLIENTS, SECONDS));
    for (const [n, server] of servers.entries()) seen.servers[n].push(await http(server, FEW, SECONDS));
  }
  const { tps } = middle(seen.pgbench, 'tps');
  print(name, SQL_CLIENTS, Math.round(tps), '', '', '', '', '1.00');
  for (const [n, server] of servers.entries())
    for (const [connections, window] of [[FEW, middle(seen.servers[n], 'rate')], [CROWD, await http(server, CROWD, CROWD_SECONDS)]])
      print(connections === FEW ? server.name : '', connections, Math.round(window.rate), window.p50.toFixed(1), window.p99.toFixed(1),
        window.errors, Math.round(window.cpu), (window.rate / tps).toFixed(2));
}

const folder = mkdtempSync(join(tmpdir(), 'vals-bench-'));
try {
  const leads = someLeads(database);
  const floor = (number) => ({ name: 'floor', state: floorState, url: floorUrl, paths: leads.map((id) => `/api/${number}/${id}`) });
  await answers(`${floorUrl}/api/1/${leads[0]}`);
  const ours = (name, paths) => ({ name, state, url, paths });
  print('statement, server', 'conns', 'requests/s', 'p50_ms', 'p99_ms', 'errors', 'cpu_us', 'of_pgbench');
  await compare(folder, 'a column by key', column, [floor(0), ours('dashboard', ['/api/analytics/dashboard'])], leads);
  await compare(folder, 'a lead', lead, [floor(1), ours('lead get', leads.map((id) => `/api/leads/${id}`))], leads);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`pgbench with ${SQL_CLIENTS} clients; cpu_us: user and system time of nginx and the workers per request; the middle of ${PAIRS} windows of ${SECONDS} s`);
