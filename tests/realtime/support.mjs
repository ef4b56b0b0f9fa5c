/*
 * support.mjs - sockets as browsers and programs open them, and the daemon's own door
 *
 * The stock socket.io-client talks through nginx like everybody; what the client would never
 * send goes to the daemon's unix socket directly. The rest is shared with tests/api.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { after } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { baseUrl, eventually, execute, need, newAccount, newLead, query, signIn, cookiesOf, sleep } from '../api/support.mjs';

export { WebSocket };

export const origin = new URL(baseUrl).origin;

/* What the daemon calls an event of the log; kinds that are not here are not for clients. */
export const NAMES = {
  'lead.created': 'lead:created',
  'lead.updated': 'lead:updated',
  'lead.deleted': 'lead:deleted',
  'leads.imported': 'leads:imported',
  'call.started': 'call:started',
  'call.status': 'call:status',
  'call.ended': 'call:ended',
  'call.phase': 'call:phase-transition',
  'call.engagement': 'call:engagement-update',
  'call.transcript': 'call:transcript',
  'call.recording': 'call:recording',
  'call.transfer': 'call:transfer',
  'call.opportunity': 'transfer-opportunity',
  'kevin.availability': 'kevin-availability-changed',
  'dashboard.metrics': 'dashboard:metrics-update',
};

/* ---- the stock client ---- */

const sockets = new Set();

after(() => {
  for (const socket of sockets) socket.close();
});

/* A client that has not connected yet; socket.heard collects every event as {name, data}. */
export function open({ url = baseUrl, token, headers, ...options } = {}) {
  const socket = io(url, {
    forceNew: true,
    autoConnect: false,
    ...(token && { auth: { token } }),
    ...(headers && { extraHeaders: headers }),
    ...options,
  });
  socket.heard = [];
  socket.onAny((name, data) => socket.heard.push({ name, data }));
  sockets.add(socket);
  return socket;
}

/* Resolves when the client is in, rejects with the refusal when it is refused. */
export function entering(socket) {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
    socket.connect();
  });
}

export const enter = (options) => entering(open(options));

/* The error a client is refused with. */
export async function refusal(options) {
  const socket = open({ reconnection: false, ...options });
  const error = await entering(socket).then(() => assert.fail('was let in'), (reason) => reason);
  return { error, socket };
}

/* Emit and wait for the acknowledgement. */
export const ask = (socket, ...args) => socket.timeout(30_000).emitWithAck(...args);

/* The reason of the next disconnect. */
export const leaving = (socket) => new Promise((resolve) => socket.once('disconnect', resolve));

export const heardAll = (socket, name) => socket.heard.filter((event) => event.name === name).map(({ data }) => data);

/* Wait until a socket has heard an event for which `which` holds. */
export const hears = (socket, name, which = () => true, timeoutMs = 60_000) =>
  eventually(() => heardAll(socket, name).find(which), `${name} is heard`, timeoutMs);

/* ---- who ---- */

/* Somebody of this role as a browser is signed in: {id, token, cookie}. */
export async function newVisitor(role) {
  const { id, email } = await newAccount(role);
  const answer = await signIn(email);
  assert.equal(answer.status, 200, answer.text);
  return { id, email, token: answer.body.data.token, cookie: `vals_ws=${cookiesOf(answer).vals_ws.value}` };
}

const visitors = new Map();

/* The same visitor for all tests of a file; the agent has its API key. */
export function visitor(role) {
  if (role === 'agent') return { token: need('VALS_AGENT_KEY') };
  if (!visitors.has(role)) visitors.set(role, newVisitor(role));
  return visitors.get(role);
}

export const enterAs = async (role, options) => enter({ token: (await visitor(role)).token, ...options });

/* ---- the database, by connections of their own ---- */

/* Run statements beside whatever else is going on; resolves when they are through. */
export function meanwhile(sql) {
  return new Promise((resolve, reject) => {
    const psql = spawn('psql', [need('VALS_DATABASE_URL'), '-XAtq', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let errors = '';
    psql.stderr.on('data', (chunk) => (errors += chunk));
    psql.on('error', reject);
    psql.on('close', (code) => (code === 0 ? resolve() : reject(new Error(errors))));
    psql.stdin.end(`${sql};\n`);
  });
}

/* ---- calls and events ---- */

const calls = [];

after(async () => {
  if (calls.length === 0) return;
  const ids = calls.map((id) => `'${id}'`).join(',');
  await execute(`update vals.calls set status = 'completed', end_time = clock_timestamp() where id in (${ids}) and end_time is null`);
});

/* A call that is being spoken on, without a telephone. */
export async function newLiveCall() {
  const lead = await newLead();
  const [{ id }] = await query(
    `insert into vals.calls (lead_id, phone_number, kevin_available, status, answered_at)
     select l.id, l.phone, true, 'in-progress', clock_timestamp() from vals.leads l where l.id = :'lead'
     returning id`,
    { lead: lead.id },
  );
  calls.push(id);
  return id;
}

/*
 * Put events into the log as the SQL functions do, one transaction each, with a pause between;
 * each carries this mark in its leadId, and its number in n, from `after` on.
 */
export const emitMany = (count, { kind = 'lead.updated', pauseMs = 0, mark = randomUUID(), filler = 0, call = null, after = 0 } = {}) =>
  meanwhile(
    `do $$
     begin
       for i in ${Number(after) + 1}..${Number(after) + Number(count)} loop
         perform vals.emit('${kind}', ${call ? `'${call}'` : 'null'}, null, jsonb_build_object('leadId', '${mark}', 'n', i, 'filler', repeat('x', ${Number(filler)})));
         perform pg_notify('vals_event', '');
         commit;
         perform pg_sleep(${Number(pauseMs) / 1000});
       end loop;
     end $$`,
  );

export const lastSeq = async () => Number((await query('select last_seq from vals.event_head'))[0].last_seq);

/* The numbered events after `from`, as {seq, name}, once all committed ones have a number. */
export async function eventsAfter(from) {
  await eventually(async () => (await query('select count(*) from vals.event_log where seq is null'))[0].count === 0, 'all events are numbered');
  const rows = await query(`select seq, kind from vals.event_log where seq > ${Number(from)} order by seq`);
  return rows.filter(({ kind }) => NAMES[kind]).map(({ seq, kind }) => ({ seq: Number(seq), name: NAMES[kind] }));
}

/* What a socket heard of the log after `from`, as {seq, name}, in the order it came. */
export const numbered = (socket, from) =>
  socket.heard
    .filter(({ data }) => data?.seq !== undefined)
    .map(({ name, data }) => ({ seq: Number(data.seq), name }))
    .filter(({ seq }) => seq > from);

/* The counters a daemon last wrote, newer than `since` (database time). */
export async function counters() {
  const rows = await query(`select counters, updated_at from vals.program_status where program like 'vals-ws%' and updated_at > now() - interval '20 seconds'`);
  return rows.map((row) => row.counters);
}

/* ---- the daemon's own door ---- */

/* One request to the first daemon's unix socket, or to another door: {status, headers, text}. */
export function knock(method, path, { headers = {}, body, agent, door = need('VALS_WS_SOCKET') } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: door, method, path, headers: { host: 'vals.test', ...headers }, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    if (body !== undefined) sent.end(body);
    else sent.end();
    resolve.request = sent;
  });
}

export const POLLING = '/socket.io/?EIO=4&transport=polling';

/* A polling session by hand: its sid. */
export async function handshake(headers) {
  const answer = await knock('GET', POLLING, { headers });
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text.slice(1)).sid;
}

/* A websocket to the unix socket; ws.frames collects the text frames. */
export function dial({ query: more = '', headers = {} } = {}) {
  const ws = new WebSocket(`ws+unix://${need('VALS_WS_SOCKET')}:/socket.io/?EIO=4&transport=websocket${more}`, { headers: { host: 'vals.test', ...headers } });
  ws.frames = [];
  ws.on('message', (data, isBinary) => ws.frames.push(isBinary ? data : data.toString()));
  ws.closing = new Promise((resolve) => {
    ws.on('close', (code) => resolve(code));
    ws.on('error', (error) => resolve(error));
  });
  return ws;
}

/* Wait for the next frame of a dialled websocket that matches. */
export const frame = (ws, pattern) => eventually(() => ws.frames.find((text) => pattern.test(text)), `a frame like ${pattern}`);

export { sleep };
