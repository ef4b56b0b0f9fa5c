/*
 * load.mjs - wrk through nginx and pgbench without it, one window each
 */
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuOf } from './proc.mjs';

const WRK_THREADS = 2;
const PGBENCH_THREADS = 2;
const LEADS = 64;
const REAPED_MS = 300;	/* a backend's time is counted once its parent has seen it end */

/* What wrk saw, as one line: requests, microseconds, p50 and p99 in microseconds, errors. */
const REPORT = `
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/* Each thread has a number and random numbers of its own. */
const PRELUDE = `
local threads = 0
setup = function(thread)
  threads = threads + 1
  thread:set("place", threads)
end
init = function(args)
  math.randomseed(os.time() * 100 + place)
end
`;

/* Run a command; its standard output and error as one text. The programs' roles have no JIT either. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PGOPTIONS: '-c jit=off' } });
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.stderr.on('data', (data) => (text += data));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${command}: ${text}`))));
  });
}

/* Debian keeps it out of PATH. */
function findPgbench() {
  for (const version of existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort().reverse() : []) {
    const path = `/usr/lib/postgresql/${version}/bin/pgbench`;
    if (existsSync(path)) return path;
  }
  return 'pgbench';
}

const pgbench = findPgbench();

/* Run a shell command for a window. Answers its text, and microseconds of user and system time: its own, and the programs'. */
async function window(state, programs, command) {
  const before = programs.map((program) => cpuOf(state, program));
  const text = await run('bash', ['-c', `TIMEFORMAT='OWN %U %S'; time ${command}`]);
  const [user, system] = text.match(/^OWN (.*)$/m)[1].split(' ').map(Number);
  await sleep(REAPED_MS);
  const used = programs.map((program, i) => cpuOf(state, program) - before[i]);
  return { text, own: (user + system) * 1e6, used };
}

/* A script with so many clients: transactions per second, and the microseconds pgbench and the database took for one. */
export async function measureSql(folder, state, url, sql, clients, seconds) {
  const file = join(folder, 'bench.sql');
  writeFileSync(file, sql);
  const { text, own, used: [postgres] } = await window(state, ['postgres'],
    `${pgbench} -n -M prepared -c ${clients} -j ${PGBENCH_THREADS} -T ${seconds} -f ${file} '${url}'`);
  const done = Number(text.match(/actually processed: (\d+)/)[1]);
  return { tps: Number(text.match(/^tps = ([0-9.]+)/m)[1]), whole: (postgres + own) / done };
}

/*
 * Ask for `seconds` over `connections`; one that is not served in all that time but the last second
 * counts as an error. Answers requests per second, latencies in ms, errors, the microseconds of nginx and
 * the workers for one request, those of all including wrk and the database, and the share of one processor that wrk took.
 */
export async function measureHttp(folder, state, url, lua, connections, seconds) {
  const file = join(folder, 'bench.lua');
  writeFileSync(file, PRELUDE + lua + REPORT);
  const threads = Math.min(WRK_THREADS, connections);
  const { text, own, used: [nginx, api, postgres] } = await window(state, ['nginx', 'vals-api', 'postgres'],
    `wrk -t ${threads} -c ${connections} -d ${seconds}s --timeout ${Math.max(1, seconds - 1)}s -s ${file} ${url}`);
  const [requests, us, p50, p99, errors] = text.match(/^RESULT (.*)$/m)[1].split(' ').map(Number);
  return {
    rate: requests / (us / 1e6),
    p50: p50 / 1000,
    p99: p99 / 1000,
    errors,
    cpu: (nginx + api) / requests,
    whole: (nginx + api + postgres + own) / requests,
    own: own / us,
  };
}

/* A file of statements, or one statement; rows as arrays of texts. */
export function psql(url, ...args) {
  const text = execFileSync('psql', ['-X', '-q', '-At', '-F', '\t', '-v', 'ON_ERROR_STOP=1', ...args, url], { encoding: 'utf8' });
  return text.split('\n').filter(Boolean).map((line) => line.split('\t'));
}

/* The ids of some leads of data.sql, which is loaded where it is not there yet. */
export function someLeads(url) {
  if (psql(url, '-c', `select 1 from vals.leads where phone = '+199900000001'`).length === 0)
    psql(url, '-f', join(dirname(fileURLToPath(import.meta.url)), 'data.sql'));
  return psql(url, '-c', `select id from vals.leads where phone like '+1999%' order by phone limit ${LEADS}`).flat();
}
