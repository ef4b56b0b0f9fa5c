/*
 * search.mjs - search in 1,000,000 leads
 *
 * A fixed set of terms as people type them (names, parts of names and e-mails, digits of numbers; three characters
 * and more), each over HTTP and alone. Aim: p95 below 50 ms for terms with up to 10,000 hits; terms with more are
 * shown, too. The database's processor time for one search tells what a machine with other work to do hides.
 * Takes some minutes to fill the table. Run by ./dev bench search.
 *
 *	VALS_BENCH_LEADS	leads to search in (1000000)
 *	VALS_BENCH_ROUNDS	how often each term is asked for (20)
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { psql } from './api/load.mjs';
import { cpuOf } from './api/proc.mjs';

const { VALS_URL: url, VALS_DATABASE_URL: database, VALS_ADMIN_TOKEN: token, VALS_STATE: state } = process.env;
if (!url || !state) throw new Error('run by ./dev bench');

const LEADS = Number(process.env.VALS_BENCH_LEADS ?? 1_000_000);
const ROUNDS = Number(process.env.VALS_BENCH_ROUNDS ?? 20);
const HITS_MAX = 10_000;
const AIM_MS = 50;

const TERMS = [
  /* names */
  'adler', 'hanna', 'hanna kern', 'ivo br', 'a moor qx', 'dorn zz', 'grub', 'üller', 'nobody at all',
  /* parts of e-mails */
  'lead4711', 'lead471', '99@bench', 'jost.x', '@bench.example', 'h.kern.7',
  /* digits, as they stand and as they are written */
  '0004711', '999 0004', '+1 (999) 001-23', '123456', '777', '00000',
];

async function search(term) {
  const began = process.hrtime.bigint();
  const response = await fetch(`${url}/api/leads?search=${encodeURIComponent(term)}`, { headers: { authorization: `Bearer ${token}` } });
  const answer = await response.json();
  const ms = Number(process.hrtime.bigint() - began) / 1e6;
  if (!response.ok) throw new Error(`${term}: ${response.status} ${JSON.stringify(answer)}`);
  return { ms, hits: answer.pagination.total };
}

const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
const ascending = (numbers) => [...numbers].sort((a, b) => a - b);

function print(term, hits, ...times) {
  console.log([term.padEnd(20), `${hits}`.padStart(8), ...times.map((ms) => (ms.toFixed?.(1) ?? ms).padStart(8))].join(' ').trimEnd());
}

/* All rounds of a term: hits, times in ascending order, and the database's processor time for one, all in ms. */
async function measure(term) {
  const { hits } = await search(term);
  const times = [];
  const before = cpuOf(state, 'postgres');
  for (let round = 0; round < ROUNDS; round++) times.push((await search(term)).ms);
  return { term, hits, times: ascending(times), cpu: (cpuOf(state, 'postgres') - before) / 1000 / ROUNDS };
}

if (psql(database, '-c', `select 1 from vals.leads where phone = '+199900000001'`).length === 0)
  psql(database, '-v', `leads=${LEADS}`, '-f', join(dirname(fileURLToPath(import.meta.url)), 'search', 'data.sql'));
const seen = [];
for (const term of TERMS) seen.push(await measure(term));
print('term', 'hits', 'p50_ms', 'p95_ms', 'worst', 'cpu_ms');
for (const { term, hits, times, cpu } of seen.sort((a, b) => a.hits - b.hits))
  print(term, hits, share(times, 0.5), share(times, 0.95), times.at(-1), cpu);
const counted = seen.filter(({ hits }) => hits <= HITS_MAX);
const all = ascending(counted.flatMap(({ times }) => times));
print(`up to ${HITS_MAX} hits`, '', share(all, 0.5), share(all, 0.95), all.at(-1), share(ascending(counted.map(({ cpu }) => cpu)), 0.95));
console.log(`${LEADS} leads, ${ROUNDS} rounds, one request at a time; aim: p95 below ${AIM_MS} ms for terms with up to ${HITS_MAX} hits`);
