/*
 * support.mjs - the API as its clients see it, and a back door to the database
 *
 * Every answer of /api/ passes through checkEnvelope, and every answer through check() of
 * openapi.mjs, so each test of this folder is also a test of the common contract and of the
 * document. What a test makes it makes for itself: fictional numbers and names nobody else
 * has, so that the files can share a system with anything.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './openapi.mjs';

export { sleep };

export function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with ./dev test api`);
  return value;
}

export const baseUrl = need('VALS_URL').replace(/\/$/, '');

/* ---- the common contract ---- */

const SUCCESS_MEMBERS = new Set(['success', 'data', 'message', 'pagination']);
const PAGINATION_MEMBERS = ['hasNext', 'hasPrev', 'limit', 'page', 'pages', 'total'];

function checkSuccess(body) {
  assert.equal(body.success, true);
  assert.ok('data' in body, 'a success has data');
  for (const name of Object.keys(body)) assert.ok(SUCCESS_MEMBERS.has(name), `unexpected member ${name}`);
  if ('message' in body) assert.equal(typeof body.message, 'string');
  if ('pagination' in body) assert.deepEqual(Object.keys(body.pagination).sort(), PAGINATION_MEMBERS);
}

function checkFailure(body) {
  assert.equal(body.success, false);
  assert.ok(typeof body.error === 'string' && body.error.length > 0, 'a failure has a text');
  assert.ok(!('data' in body), 'a failure has no data');
  if ('code' in body) assert.match(body.code, /^[A-Z_]+$/);
  if (!('details' in body)) return;
  assert.ok(Array.isArray(body.details) && body.details.length > 0);
  for (const detail of body.details) {
    assert.deepEqual(Object.keys(detail).sort(), ['field', 'message']);
    assert.equal(typeof detail.field, 'string');
    assert.ok(detail.message.length > 0);
  }
}

/* What every answer of /api/ must be, whoever asked for whatever. */
export function checkEnvelope(answer) {
  const what = `${answer.what} -> ${answer.status} ${answer.text.slice(0, 500)}`;
  assert.ok(answer.status !== 500 && answer.status < 504, what);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, what);
  assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f]{32}$/, what);
  assert.equal(answer.headers.get('cache-control'), 'no-store', what);
  assert.ok(answer.body !== null && typeof answer.body === 'object', what);
  (answer.status < 400 ? checkSuccess : checkFailure)(answer.body);
}

/* ---- HTTP ---- */

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/* The token a request carries, however its header is written. */
const bearer = (headers) =>
  Object.entries(headers)
    .find(([name]) => name.toLowerCase() === 'authorization')?.[1]
    ?.replace(/^bearer +/i, '')
    .trim();

const isRaw = (body) => typeof body === 'string' || body instanceof Uint8Array || body instanceof URLSearchParams;

/* An object is sent as JSON, URLSearchParams as a form, text and bytes as they are (and as JSON). */
function encode(body) {
  if (body === undefined) return {};
  if (body instanceof URLSearchParams)
    return { body: body.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  return { body: isRaw(body) ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

/*
 * One request: {status, headers, text, body}. A header given as null is not sent. With
 * isBare the answer is not held against the common contract.
 */
export async function send(method, path, { token, headers, body, isBare } = {}) {
  const encoded = encode(body);
  const all = { ...(token && { authorization: `Bearer ${token}` }), ...encoded.headers, ...headers };
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)),
    body: typeof encoded.body === 'string' ? Buffer.from(encoded.body) : encoded.body,
  });
  const text = await response.text();
  const answer = {
    what: `${method} ${path}`,
    status: response.status,
    headers: response.headers,
    text,
    body: parsed(text),
  };
  if (!isBare && path.startsWith('/api/')) checkEnvelope(answer);
  check({ method, path, token: token ?? bearer(all) }, answer);
  return answer;
}

/* A caller: admin.get(path), admin.post(path, body, headers). */
export const caller = (token) => ({
  token,
  get: (path, headers) => send('GET', path, { token, headers }),
  post: (path, body, headers) => send('POST', path, { token, body, headers }),
  put: (path, body, headers) => send('PUT', path, { token, body, headers }),
  delete: (path, headers) => send('DELETE', path, { token, headers }),
});

/* Head and body of an answer in bytes. */
function splitAnswer(bytes) {
  const at = bytes.indexOf('\r\n\r\n');
  return at < 0 ? [bytes.toString(), ''] : [bytes.subarray(0, at).toString(), bytes.subarray(at + 4).toString()];
}

/* Whether it is as long as it says. */
function isWhole(bytes) {
  const [head, text] = splitAnswer(bytes);
  const [, length] = head.match(/^content-length: *(\d+)/im) ?? [];
  return length !== undefined && Buffer.byteLength(text) >= Number(length);
}

/*
 * A request written byte by byte, for what fetch refuses to send: lines are the header
 * lines after the request line.
 */
export async function sendLines(requestLine, lines, body = '') {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port || 80) });
  const chunks = [];

  socket.write(
    `${requestLine} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`,
  );
  socket.write(body);
  for await (const chunk of socket) {
    chunks.push(chunk);
    /* Having refused a request, nginx waits for the rest of its body before it closes. */
    if (isWhole(Buffer.concat(chunks))) break;
  }

  const [head, text] = splitAnswer(Buffer.concat(chunks));
  const [statusLine, ...fields] = head.split('\r\n');
  const headers = new Headers(
    fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()]),
  );
  const answer = { what: requestLine, status: Number(statusLine.split(' ')[1]), headers, text, body: parsed(text) };
  const [method, path] = requestLine.split(' ');
  checkEnvelope(answer);
  check({ method, path, token: bearer(Object.fromEntries(lines.map((line) => line.split(/: */, 2)))) }, answer);
  return answer;
}

/* The status, with the answer in the message when it is another. */
export function expectStatus(answer, status) {
  assert.equal(answer.status, status, `${answer.what} -> ${answer.status} ${answer.text.slice(0, 1000)}`);
  return answer;
}

/* A refusal by validation which names exactly these fields. */
export function expectInvalid(answer, ...fields) {
  expectStatus(answer, 400);
  assert.equal(answer.body.code, 'VALIDATION', answer.text);
  assert.deepEqual((answer.body.details ?? []).map(({ field }) => field).sort(), fields.sort(), answer.text);
  return answer;
}

/* A refusal with this status and code. */
export function expectProblem(answer, status, code) {
  expectStatus(answer, status);
  assert.equal(answer.body.code, code, answer.text);
  return answer;
}

/* ---- who asks ---- */

export const nobody = caller();
export const admin = caller(need('VALS_ADMIN_TOKEN'));
export const agent = caller(need('VALS_AGENT_KEY'));

/* What this run calls its things, so that it finds them again and nobody else has them. */
export const runName = `t${randomBytes(5).toString('hex')}`;

let accounts = 0;

/* A new account with the administrator's password: {id, email}. */
export async function newAccount(role) {
  const email = `${runName}-${role}-${(accounts += 1)}@example.com`;
  const [{ id }] = await query(
    `insert into vals.users (email, name, role, password_hash)
     select :'email', 'Test ' || :'role', :'role', u.password_hash from vals.users u where u.email = :'admin'
     returning id`,
    { email, role, admin: need('VALS_ADMIN_EMAIL') },
  );
  return { id, email };
}

/* Only two passwords are hashed at once; a client that is told so comes again. */
export async function signIn(email, password = need('VALS_ADMIN_PASSWORD')) {
  for (;;) {
    const answer = await nobody.post('/api/auth/login', { email, password });
    if (answer.body.code !== 'LOGIN_BUSY') return answer;
    await sleep(100);
  }
}

const callers = new Map([
  ['admin', Promise.resolve(admin)],
  ['agent', Promise.resolve(agent)],
  ['nobody', Promise.resolve(nobody)],
]);

async function newCaller(role) {
  const { email } = await newAccount(role);
  return caller(expectStatus(await signIn(email), 200).body.data.token);
}

/* Somebody with this role, signed in as people do (the agent by its key). */
export function as(role) {
  if (!callers.has(role)) callers.set(role, newCaller(role));
  return callers.get(role);
}

/* Each Set-Cookie of an answer. Debian's Node 18 has no getSetCookie(), and gives them as one text. */
const cookieLines = (answer) => answer.headers.get('set-cookie')?.split(/, (?=[^ ;,=]+=)/) ?? [];

/* The cookies an answer sets: {name: {value, attributes}}. */
export const cookiesOf = (answer) =>
  Object.fromEntries(
    cookieLines(answer).map((line) => {
      const [pair, ...attributes] = line.split('; ');
      const at = pair.indexOf('=');
      return [pair.slice(0, at), { value: pair.slice(at + 1), attributes: attributes.sort() }];
    }),
  );

/* ---- the database ---- */

/* One psql for all statements of a file: to start one takes longer than most statements. */
class Psql {
  #child = spawn('psql', [need('VALS_DATABASE_URL'), '-XAtq', '-v', 'ON_ERROR_STOP=1'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  #output = '';
  #errors = '';
  #waiting = [];

  constructor() {
    this.#child.stdout.on('data', (chunk) => this.#read(chunk));
    this.#child.stderr.on('data', (chunk) => (this.#errors += chunk));
    this.#child.on('close', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`psql ended with ${code}: ${this.#errors}`));
    });
    this.#hold(false);
  }

  /* Statements are answered in order, each answer up to the mark that follows it. */
  #read(chunk) {
    this.#output += chunk;
    for (;;) {
      const { mark, resolve } = this.#waiting[0] ?? {};
      const at = mark ? this.#output.indexOf(`${mark}\n`) : -1;
      if (at < 0) return;
      const text = this.#output.slice(0, at);
      this.#output = this.#output.slice(at + mark.length + 1);
      this.#waiting.shift();
      if (this.#waiting.length === 0) this.#hold(false);
      resolve(text);
    }
  }

  /* An idle psql must not keep the test file from ending. */
  #hold(isBusy) {
    const { stdin, stdout, stderr } = this.#child;
    for (const handle of [this.#child, stdin, stdout, stderr]) handle[isBusy ? 'ref' : 'unref']();
  }

  run(statement) {
    const mark = `done-${randomUUID()}`;
    this.#hold(true);
    this.#child.stdin.write(`${statement};\n\\echo ${mark}\n`);
    return new Promise((resolve, reject) => this.#waiting.push({ mark, resolve, reject }));
  }
}

let psql;

/* Run a statement in which :'name' and :name stand for args.name, a text. */
function runStatement(sql, args) {
  psql ??= new Psql();
  const quoted = (name) => `'${String(args[name]).replaceAll("'", "''")}'`;
  return psql.run(sql.replace(/(?<!:):'?([a-z]+)\b'?/gi, (text, name) => (name in args ? quoted(name) : text)));
}

/* The rows of a statement as objects; :'name' in it is args.name. */
export const query = async (sql, args = {}) =>
  JSON.parse(await runStatement(`with t as (${sql}) select coalesce(json_agg(t), '[]') from t`, args));

/* A statement without rows. */
export const execute = (sql, args = {}) => runStatement(sql, args);

/* Do something while another session holds what the statement took; it is undone then. */
export async function whileHeld(statement, work) {
  const holder = new Psql();
  await holder.run('begin');
  await holder.run(statement);
  try {
    return await work();
  } finally {
    await holder.run('rollback');
  }
}

/* ---- keys ---- */

/* Where ./dev up keeps the keys: beside the sockets (as root), or in the state. */
function keyFolder() {
  const places = [
    process.env.JWT_KEYS_DIR,
    process.env.VALS_API_SOCKET && join(dirname(dirname(process.env.VALS_API_SOCKET)), 'jwt'),
    process.env.VALS_STATE && join(process.env.VALS_STATE, 'data/jwt'),
  ];
  return places.find((place) => place && existsSync(place));
}

/* The newest key of this installation: {kid, secret}; undefined where it cannot be found. */
export function signingKey() {
  const folder = keyFolder();
  if (!folder) return undefined;
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.key'))
    .map((name) => join(folder, name));
  const newest = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  const [, secret] = readFileSync(newest, 'utf8').trim().split(' ');
  return { kid: newest.slice(folder.length + 1, -'.key'.length), secret: Buffer.from(secret, 'base64url') };
}

/* ---- telephone numbers ---- */

/* Kevin's, and fictional numbers (555-01NN of some area) a lead has or had; a second run must not meet them. */
const taken = new Set(
  (await query("select distinct phone from vals.leads where phone ~ '^[+]1[0-9]{3}55501[0-9]{2}$'")).map(
    ({ phone }) => phone,
  ),
);
taken.add('+12025550199');

/*
 * A number nobody has. The simulator does by the last two digits: 01 is busy, 02 rings
 * for long and can be told to answer, others answer by themselves.
 */
export function freshPhone(suffix) {
  for (;;) {
    const phone = `+1${randomInt(200, 1000)}55501${suffix ?? randomInt(10, 100)}`;
    if (taken.has(phone)) continue;
    taken.add(phone);
    return phone;
  }
}

/* ---- leads ---- */

/* The least a lead needs, and what is given. */
export const leadBody = (more = {}) => ({
  firstName: 'Ada',
  lastName: runName,
  phone: freshPhone(),
  source: 'api-test',
  ...more,
});

/* A new lead as the API answers it. */
export const newLead = async (more) => expectStatus(await admin.post('/api/leads', leadBody(more)), 201).body.data;

export const getLead = async (id) => expectStatus(await admin.get(`/api/leads/${id}`), 200).body.data;

/* ---- calls ---- */

/* The first value of look() that is true, or the end of the test. */
export async function eventually(look, what, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(30);
  }
}

/* The simulator's control interface: sim('GET', 'legs'). */
export async function sim(method, path, body) {
  const response = await fetch(`${need('VALS_SIM_URL')}/_sim/${path}`, { method, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`simulator: ${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/* The dials the provider was asked for to a number. */
export const dialsTo = async (phone) =>
  (await sim('GET', 'requests')).requests.filter(
    ({ method, path, body }) => method === 'POST' && path.endsWith('/calls') && JSON.stringify(body).includes(phone),
  );

const live = new Set();

/* A lead and a call to him that rings until the test has him answer: {lead, callId, data}. */
export async function newCall({ by = agent, lead: more } = {}) {
  const lead = await newLead({ phone: freshPhone('02'), ...more });
  const { data } = expectStatus(await by.post('/api/agent/start-call', { leadId: lead.id }), 201).body;
  live.add(data.callId);
  return { lead, callId: data.callId, data };
}

export const getCall = async (callId) => expectStatus(await admin.get(`/api/calls/${callId}`), 200).body.data;

/* The lead answers the telephone; the call as it is once we know of it. */
export async function answerCall({ lead, callId }) {
  await sim('POST', `legs/${encodeURIComponent(lead.phone)}`, { action: 'answer' });
  return eventually(async () => {
    const call = await getCall(callId);
    return call.answeredAt && call;
  }, 'the call was answered');
}

/* A call the lead has answered. */
export async function newAnsweredCall(options) {
  const call = await newCall(options);
  await answerCall(call);
  return call;
}

export const endCall = (callId, more = {}, by = agent) => by.post('/api/agent/end-call', { callId, ...more });

/* For after(): no call of this file outlives it. By the administrator, who may end any. */
export async function endAllCalls() {
  for (const callId of live) expectStatus(await endCall(callId, {}, admin), 200);
}

/* Remember a call made without newCall. */
export const toBeEnded = (callId) => live.add(callId);

/* ---- small things ---- */

/* The version in an answer's ETag, which nginx makes weak where it compresses. */
export const etagVersion = (answer) => Number(answer.headers.get('etag')?.match(/^(?:W\/)?"(\d+)"$/)?.[1]);

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/* Well formed, and nobody's. */
export const foreignId = () => randomUUID();

export const MALFORMED_IDS = [
  '1',
  'abc',
  'null',
  '00000000-0000-0000-0000-00000000000',
  'g0000000-0000-0000-0000-000000000000',
  '00000000-0000-0000-0000-000000000000x',
  "'%20or%201=1--",
  '%F0%9F%98%80',
  '00000000%2D0000-0000-0000-000000000000%0A',
];

/* Names of events the world was told about a call or lead, in order. */
export const eventsOf = async (id) =>
  (await query("select kind from vals.event_log where call_id = :'id' or lead_id = :'id' order by id", { id })).map(
    ({ kind }) => kind,
  );
