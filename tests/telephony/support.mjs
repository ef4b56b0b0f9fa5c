/*
 * support.mjs - the system as these tests see it
 *
 * Four doors: the API as an administrator and as the voice agent, the simulator's
 * control interface, webhooks signed with the simulator's key, and the database
 * for what no door shows. Every test dials a number of its own, so tests neither
 * meet each other nor the demo.
 *
 * After each test the simulator's log is held against the invariants.
 */
import { execFile, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readSeed, Signer } from '../telnyx-sim/signing.mjs';
import { violations } from './invariants.mjs';

export { sleep };

const run = promisify(execFile);

const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with ./dev test telephony`);
  return value;
};

/* ---- HTTP ---- */

async function call(url, { method = 'GET', token, headers = {}, body } = {}) {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined || isText ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const door = (tokenName) => (method, path, body, headers) =>
  call(`${need('VALS_URL')}${path}`, { method, token: need(tokenName), headers, body });

/* admin('GET', '/api/leads'), agent('POST', '/api/agent/start-call', {leadId}) */
export const admin = door('VALS_ADMIN_TOKEN');
export const agent = door('VALS_AGENT_KEY');

/* The control interface: sim('GET', 'legs'), sim('POST', 'faults', {...}). */
export async function sim(method, path, body) {
  const answer = await call(`${need('VALS_SIM_URL')}/_sim/${path}`, { method, body });
  if (answer.status !== 200) throw new Error(`simulator: ${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

/* ---- waiting ---- */

/* The first value of look() that is true, or the end of the test. */
export async function eventually(look, what, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}

/* ---- leads and calls ---- */

/* A number nobody else dials; its last two digits say what becomes of the dial. */
export const freshNumber = (suffix = '99') => `+1646${randomInt(10 ** 7, 10 ** 8)}${suffix}`;

/* A new lead: {id, phone}. */
export async function newLead(suffix) {
  const phone = freshNumber(suffix);
  const { status, text, body } = await admin('POST', '/api/leads', {
    firstName: 'Tele',
    lastName: 'Phony',
    phone,
    source: 'telephony-test',
  });
  if (status !== 201) throw new Error(`lead: ${status} ${text}`);
  return { id: body.data.id, phone };
}

export const startCall = (lead) => agent('POST', '/api/agent/start-call', { leadId: lead.id });

/* Calls whose end a test asked for. */
const ended = new Set();

/* As the voice agent; `door` is another's way in. */
export const endCall = (callId, more = {}, door = agent) => {
  ended.add(callId);
  return door('POST', '/api/agent/end-call', { callId, ...more });
};

/* A lead and its started call: {lead, callId, telnyxCallId}. */
export async function newCall(suffix) {
  const lead = await newLead(suffix);
  const { status, text, body } = await startCall(lead);
  if (status !== 201) throw new Error(`start-call: ${status} ${text}`);
  return { lead, callId: body.data.callId, telnyxCallId: body.data.telnyxCallId };
}

/* A transfer, answered at once: {callId, transferId, ...}. */
export const startTransfer = (callId, more = {}, door = agent) =>
  door('POST', `/api/calls/${callId}/transfer`, more, { prefer: 'respond-async' });

export async function getCall(callId) {
  const { status, text, body } = await admin('GET', `/api/calls/${callId}`);
  if (status !== 200) throw new Error(`call: ${status} ${text}`);
  return body.data;
}

export const callWith = (callId, fits, what, timeoutMs) =>
  eventually(async () => {
    const found = await getCall(callId);
    return fits(found) && found;
  }, what, timeoutMs);

export const callOver = (callId, timeoutMs) =>
  callWith(callId, ({ endTime }) => endTime, 'the call is over', timeoutMs);

export const transferIs = (callId, state) =>
  callWith(callId, ({ transfer }) => transfer?.state === state, `the transfer is ${state}`);

/* ---- the provider's side ---- */

/* Kevin's number, as ./dev up configures it. */
export const KEVIN = '+12025550199';

/* Have Kevin be there, and do what the rule says, while `run` runs. */
export async function withKevin(rule, run) {
  const { status, text } = await admin('PUT', '/api/kevin/availability', { available: true });
  if (status !== 200) throw new Error(`Kevin: ${status} ${text}`);
  await sim('POST', 'rules', { regex: `^\\${KEVIN}$`, ...rule });
  try {
    return await run();
  } finally {
    await sim('DELETE', 'rules');
  }
}

/* What the provider was sent: {method, path, operation, isRepeat, status, body}, the body as an object. */
export async function requests() {
  const { requests: log } = await sim('GET', 'requests');
  return log.map((entry) => ({
    ...entry,
    body: typeof entry.body === 'string' ? parsed(entry.body) : entry.body,
  }));
}

export const dialsTo = async (number) =>
  (await requests()).filter(({ path, body }) => path.endsWith('/calls') && body?.to === number);

export async function hangupsOf(leg) {
  const path = `/calls/${encodeURIComponent(leg.callControlId)}/actions/hangup`;
  const same = (entry) => decodeURIComponent(entry.path).endsWith(decodeURIComponent(path));
  return (await requests()).filter(same);
}

export const legsTo = async (number) => (await sim('GET', 'legs')).legs.filter(({ to }) => to === number);

export const legTo = (number, fits = () => true, timeoutMs) =>
  eventually(async () => (await legsTo(number)).find(fits), 'the provider has the leg', timeoutMs);

/* Somebody at a telephone does something (answer, hangup, press, say); without an action only a look at the leg. */
export const actOn = (callControlId, action, more = {}) => {
  const path = `legs/${encodeURIComponent(callControlId)}`;
  return action ? sim('POST', path, { action, ...more }) : sim('GET', path);
};

/* Commands the provider carried out on a leg. */
export const commandsOn = async ({ callControlId }) =>
  (await actOn(callControlId)).history.filter(({ type }) => type === 'command').map(({ name }) => name);

/* Something goes wrong with the next dial to this number. */
export const dialFault = (number, fault) =>
  sim('POST', 'faults', { match: { method: 'POST', path: '/calls$', body: number.slice(1) }, ...fault });

/* ---- what may never be seen there ---- */

const began = new Date().toISOString();

/* The simulator's log since these tests began, as violations() takes it. */
export async function providerLog() {
  const [{ timeScale }, { requests: sent }, { legs }, { conferences }] = await Promise.all(
    ['', 'requests', 'legs', 'conferences'].map((what) => sim('GET', what)),
  );
  return {
    timeScale,
    requests: sent.filter(({ at }) => at >= began),
    legs: legs.filter(({ startedAt }) => startedAt >= began),
    conferences,
    endedByUs: ended,
  };
}

const reported = new Set();

/* Throws what was not thrown before: a violation stays in the log, but is the fault of one test. */
export async function assertInvariants() {
  const found = violations(await providerLog()).map(({ rule, text }) => `${rule}: ${text}`);
  const news = found.filter((text) => !reported.has(text));
  for (const text of news) reported.add(text);
  if (news.length) throw new Error(news.join('\n'));
}

afterEach(assertInvariants);

/* ---- webhooks of our own ---- */

/* Where ./dev up keeps the simulator's key: beside the sockets (as root), or in the state. */
function signingKeyFile() {
  const places = [
    process.env.VALS_SIM_KEY_FILE,
    process.env.VALS_API_SOCKET && join(dirname(dirname(process.env.VALS_API_SOCKET)), 'conf/sim-webhook.key'),
    process.env.VALS_STATE && join(process.env.VALS_STATE, 'data/conf/sim-webhook.key'),
  ];
  const file = places.find((place) => place && existsSync(place));
  if (!file) throw new Error('the simulator\'s signing key was not found; set VALS_SIM_KEY_FILE');
  return file;
}

let signer;

/* Signature headers of a raw body, as the provider would have sent it ageSecs ago. */
export function signed(raw, ageSecs = 0) {
  signer ??= new Signer(readSeed(signingKeyFile()));
  return signer.headers(raw, Math.floor(Date.now() / 1000) - ageSecs);
}

/* A webhook about a leg of the simulator: {id, raw}. */
export function webhook(eventType, leg, more = {}) {
  const id = randomUUID();
  const data = {
    record_type: 'event',
    event_type: eventType,
    id,
    occurred_at: new Date().toISOString(),
    payload: {
      call_control_id: leg.callControlId,
      call_leg_id: leg.callLegId,
      call_session_id: leg.callSessionId,
      client_state: leg.clientState,
      ...more,
    },
  };
  return { id, raw: JSON.stringify({ data, meta: { attempt: 1, delivered_to: 'test' } }) };
}

export const postWebhook = (raw, headers) =>
  call(`${need('VALS_URL')}/api/webhooks/telnyx`, { method: 'POST', headers, body: raw });

/* ---- the database ---- */

const PRINTED_MAX = 64 * 1024 * 1024;

/* A value as psql's \set takes it; a command line may not be as long as some are. */
const quoted = (value) => `'${String(value).replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;

/* Run SQL and give what it prints. */
export async function execute(sql, args = {}) {
  const variables = Object.entries(args).map(([name, value]) => `\\set ${name} ${quoted(value)}\n`);
  const running = run('psql', [need('VALS_DATABASE_URL'), '-XAtq', '-v', 'ON_ERROR_STOP=1'], { maxBuffer: PRINTED_MAX });
  running.child.stdin.end(variables.join('') + sql);
  return (await running).stdout;
}

/* Do something while another session holds what the statement took; it is undone then. */
export async function whileHeld(statement, work) {
  const holder = spawn('psql', [need('VALS_DATABASE_URL'), '-XAtq', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const over = once(holder, 'close');
  holder.stdin.write(`begin;\n${statement};\n\\echo held\n`);
  try {
    await Promise.race([once(holder.stdout, 'data'), over.then(() => { throw new Error(`not held: ${statement}`); })]);
    return await work();
  } finally {
    holder.stdin.end('rollback;\n');
    await over;
  }
}

/* Rows of a query as objects; :'name' in it is args.name. */
export const query = async (sql, args = {}) =>
  JSON.parse(await execute(`select coalesce(json_agg(t), '[]') from (${sql}) t;\n`, args));

/* Start a call to each of so many new leads, whose numbers begin so; the ids of the calls. */
export async function startCalls(area, count) {
  const prefix = `${area}${randomInt(10 ** 4, 10 ** 5)}`;
  await execute(`
    insert into vals.leads (first_name, last_name, phone, source)
    select 'One of', 'Many', '${prefix}' || lpad(n::text, 5, '0'), 'telephony-test'
    from generate_series(1, ${count}) as n;\n`);
  const calls = await query(`
    select s.body ->> 'callId' as id
    from vals.leads l
      cross join lateral api.call_start('{"role":"agent"}', '{}', jsonb_build_object('leadId', l.id)) s
    where l.phone like '${prefix}%'`);
  return calls.map(({ id }) => id);
}

/* Make a call's commands older than they are. */
export const age = (callId, seconds) =>
  execute(
    `update vals.commands set first_sent_at = first_sent_at - make_interval(secs => :seconds)
     where call_id = :'call';\n`,
    { call: callId, seconds },
  );

/* As if another runner had taken the call's commands from one that overslept its lease; it has them until giveUp(). */
export const takeOver = (callId) =>
  execute(
    `update vals.commands set attempt = attempt + 1, lease_until = now() + interval '10 minutes'
     where call_id = :'call';\n`,
    { call: callId },
  );

export const giveUp = (callId) =>
  execute("update vals.commands set lease_until = now() where call_id = :'call';\n", { call: callId });

export const webhookRows = (id) => query("select id, processed_at from vals.webhook_events where id = :'id'", { id });

export const commandsOf = (callId) =>
  query(
    `select command_id, kind, state, attempt, reason from vals.commands
     where call_id = :'call' order by created_at`,
    { call: callId },
  );

/* How often the world was told that the call has this status. */
export const statusEvents = (callId, status) =>
  query(
    `select id from vals.event_log
     where kind in ('call.status', 'call.ended') and call_id = :'call' and payload ->> 'status' = :'status'`,
    { call: callId, status },
  );

/* ---- the API's settings ---- */

/* Why a test that changes the stack cannot run, or false. */
export const noStack = () =>
  process.env.VALS_STATE && existsSync(join(process.env.VALS_STATE, 'run/vals-api.pid'))
    ? false
    : 'needs VALS_STATE with run/vals-api.pid';

const confFile = () => join(dirname(signingKeyFile()), 'vals.conf');

let original;

/* The new workers are there before the old ones go: until these have gone, either may be asked. */
async function reloadApi() {
  const old = workers();
  process.kill(programPid('vals-api'), 'SIGHUP');
  await eventually(() => old.every((pid) => !existsSync(`/proc/${pid}`)), 'the old workers are gone');
}

/* Have vals-api read its settings anew, with these in place of the old ones. */
export async function configureApi(settings) {
  original ??= readFileSync(confFile(), 'utf8');
  const kept = original.split('\n').filter((line) => !Object.keys(settings).includes(line.split(' = ')[0]));
  writeFileSync(confFile(), [...kept, ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`), ''].join('\n'));
  await reloadApi();
}

/* As it was; returns once the simulator's webhooks are accepted again. */
export async function restoreApi() {
  writeFileSync(confFile(), original);
  await reloadApi();
  await eventually(async () => {
    const { raw } = webhook('call.something', { callControlId: `v3:${randomUUID()}` });
    return (await postWebhook(raw, signed(raw))).status === 200;
  }, 'the old settings are in use');
}

/* ---- programs as processes ---- */

const programFile = (name) => join(need('VALS_STATE'), 'run/programs', name);

/* The supervisor keeps alive what lies there; it looks at names without a dot only. */
function writeProgram(name, text) {
  const file = programFile(name);
  writeFileSync(`${file}.new`, text, { mode: 0o700 });
  renameSync(`${file}.new`, file);
}

/* Whether a program was built with failpoints. */
export const hasFailpoints = () =>
  Boolean(process.env.VALS_STATE) && readFileSync(join(need('VALS_BIN'), 'vals-runner')).includes('VALS_FAILPOINT');

async function isApiReady() {
  const { status } = await call(`${need('VALS_URL')}/readyz`).catch(() => ({}));
  return status === 200;
}

/* End a program and wait until the supervisor has started it again. */
async function restart(name) {
  const pid = programPid(name);
  process.kill(pid, 'SIGTERM');
  await eventually(() => programPid(name) !== pid, `${name} was started again`, 60_000);
  await eventually(isApiReady, 'the stack is ready', 60_000);
}

/* Have a program run with this in its environment while `run` runs. */
export async function withEnvironment(name, environment, run) {
  const text = readFileSync(programFile(name), 'utf8');
  const exports = Object.entries(environment).map(([key, value]) => `export ${key}='${value}'\n`);
  writeProgram(name, text.replace(/^exec /m, `${exports.join('')}exec `));
  try {
    await restart(name);
    return await run();
  } finally {
    writeProgram(name, text);
    await restart(name);
  }
}

/* Have two runners work while `run` runs; it is given their names. */
export async function withTwoRunners(run) {
  const second = 'vals-runner-9';
  writeProgram(second, readFileSync(programFile('vals-runner'), 'utf8'));
  try {
    await eventually(() => existsSync(join(need('VALS_STATE'), `run/${second}.pid`)), 'the second runner is there');
    return await run(['vals-runner', second]);
  } finally {
    const pid = programPid(second);
    rmSync(programFile(second));
    await eventually(() => !existsSync(`/proc/${pid}`), 'the second runner has ended', 60_000);
  }
}

/* ---- the runner as a process ---- */

/* Why a test that ends the runner cannot run, or false. */
export const noRunner = () =>
  process.env.VALS_STATE && existsSync(join(process.env.VALS_STATE, 'run/vals-runner.pid'))
    ? false
    : 'needs VALS_STATE with run/vals-runner.pid';

export const programPid = (name) => Number(readFileSync(join(need('VALS_STATE'), `run/${name}.pid`), 'utf8'));

/* The workers of vals-api there are; just after one was killed and before the next was started there may be none. */
function workers() {
  const master = programPid('vals-api');
  return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/* Kill one of vals-api's workers; the master starts another. */
export async function killWorker() {
  const children = await eventually(() => workers().length && workers(), 'there is a worker');
  const victim = children[randomInt(children.length)];
  process.kill(victim, 'SIGKILL');
  await eventually(() => !existsSync(`/proc/${victim}`), 'the worker is gone');
}

export const runnerPid = () => programPid('vals-runner');

/* Send the runner a signal and wait until its successor runs (SIGHUP: until it is itself again). */
export async function signalRunner(signal) {
  const pid = runnerPid();
  process.kill(pid, signal);
  if (signal !== 'SIGHUP')
    await eventually(() => runnerPid() !== pid && process.kill(runnerPid(), 0), 'the runner was started again', 60_000);
}
