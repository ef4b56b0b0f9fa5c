/*
 * provider.mjs - what a provider that hangs costs everybody else
 *
 * Webhooks and routes that do not wait are asked at a steady pace while calls are started, by turns with a provider that
 * answers and with one that lets every request hang for 30 s. Run by ./dev bench provider.
 *
 *	VALS_BENCH_SECONDS	length of one window (5)
 *	VALS_BENCH_PAIRS	windows of each kind (3)
 */
import { randomInt, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSeed, Signer } from '../telnyx-sim/signing.mjs';

const { VALS_URL: url, VALS_SIM_URL: simUrl, VALS_ADMIN_TOKEN: token, VALS_AGENT_KEY: agentKey, VALS_API_SOCKET: socket } = process.env;
if (!url || !simUrl) throw new Error('run by ./dev bench');

const SECONDS = Number(process.env.VALS_BENCH_SECONDS ?? 5);
const PAIRS = Number(process.env.VALS_BENCH_PAIRS ?? 3);
const PACE_MS = 20; /* between two requests to one route */
const START_MS = 200; /* between two calls */
const HANG_MS = 30_000;
const SETTLE_MS = 6000; /* what hangs already times out by then */

const signer = new Signer(readSeed(join(dirname(dirname(socket)), 'conf/sim-webhook.key')));

const sim = async (method, path, body) =>
  (await fetch(`${simUrl}/_sim/${path}`, { method, body: body && JSON.stringify(body) })).json();

const ask = (method, path, body, bearer = token, headers = {}) =>
  fetch(`${url}${path}`, {
    method,
    headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), 'content-type': 'application/json', ...headers },
    body: typeof body === 'object' ? JSON.stringify(body) : body,
  });

/* An event about a leg that lives. */
function webhook(callControlId) {
  const raw = JSON.stringify({
    data: {
      record_type: 'event',
      event_type: 'call.speak.started',
      id: randomUUID(),
      occurred_at: new Date().toISOString(),
      payload: { call_control_id: callControlId },
    },
  });
  return ask('POST', '/api/webhooks/telnyx', raw, null, signer.headers(raw, Math.floor(Date.now() / 1000)));
}

async function newLead() {
  const phone = `+1646${randomInt(10 ** 7, 10 ** 8)}99`;
  const answer = await ask('POST', '/api/leads', { firstName: 'Bench', lastName: 'Call', phone, source: 'bench' });
  return (await answer.json()).data.id;
}

/* The routes that must not notice. */
const probes = (call) => ({
  'POST /api/webhooks/telnyx': () => webhook(call.telnyxCallControlId),
  'POST engagement-score': () => ask('POST', '/api/agent/engagement-score', { callId: call.id, engagementScore: randomInt(101) }, agentKey),
  'GET /api/calls/active': () => ask('GET', '/api/calls/active'),
  'GET /api/calls/:id': () => ask('GET', `/api/calls/${call.id}`),
});

/* Ask at a steady pace, whatever the answers take: milliseconds of each. */
async function pace(probe, times) {
  const end = Date.now() + SECONDS * 1000;
  const pending = [];
  while (Date.now() < end) {
    const began = performance.now();
    pending.push(
      probe().then(async (answer) => {
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`${answer.status}`);
        times.push(performance.now() - began);
      }),
    );
    await sleep(PACE_MS);
  }
  await Promise.all(pending);
}

/* Calls that are started meanwhile, so that there is something to be told to the provider. */
async function startCalls(leads, isOver) {
  const pending = [];
  while (!isOver()) {
    pending.push(ask('POST', '/api/agent/start-call', { leadId: leads.pop() }, agentKey).then((answer) => answer.json()));
    await sleep(START_MS);
  }
  return pending;
}

/* What one window began must not burden the next. */
async function endCalls(started) {
  for (const { data } of started)
    if (data) await (await ask('POST', '/api/agent/end-call', { callId: data.callId }, agentKey)).arrayBuffer();
}

async function measure(call, times) {
  const count = Math.ceil((SECONDS * 1000) / START_MS) + 10;
  const leads = await Promise.all(Array.from({ length: count }, newLead));
  let isOver = false;
  const starting = startCalls(leads, () => isOver);
  await Promise.all(Object.entries(probes(call)).map(([name, probe]) => pace(probe, (times[name] ??= []))));
  isOver = true;
  await endCalls(await Promise.all(await starting));
}

async function measureHanging(call, times) {
  await sim('POST', 'faults', { match: {}, times: null, delayBeforeMs: HANG_MS });
  await measure(call, times);
  await sim('DELETE', 'faults');
  await sleep(SETTLE_MS);
}

const at = (times, part) => [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) * part)];

function print(...cells) {
  console.log(cells.map((cell, i) => (i === 0 ? `${cell}`.padEnd(28) : `${cell}`.padStart(12))).join(''));
}

async function liveCall() {
  const started = await (await ask('POST', '/api/agent/start-call', { leadId: await newLead() }, agentKey)).json();
  await sleep(SETTLE_MS);
  return (await (await ask('GET', `/api/calls/${started.data.callId}`)).json()).data;
}

const call = await liveCall();
const answering = {};
const hanging = {};
for (let i = 0; i < PAIRS; i++) {
  /* By turns one first, then the other. */
  if (i % 2 === 1) await measureHanging(call, hanging);
  await measure(call, answering);
  if (i % 2 === 0) await measureHanging(call, hanging);
}

console.log(`p50 and p99 in ms; ${PAIRS} windows of ${SECONDS} s each, one request every ${PACE_MS} ms to each route`);
print('route', 'p50 answers', 'p50 hangs', 'p99 answers', 'p99 hangs', 'ratio p99');
for (const name of Object.keys(answering)) {
  const [a, h] = [at(answering[name], 0.99), at(hanging[name], 0.99)];
  print(name, at(answering[name], 0.5).toFixed(1), at(hanging[name], 0.5).toFixed(1), a.toFixed(1), h.toFixed(1), (h / a).toFixed(2));
}
