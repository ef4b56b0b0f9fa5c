/*
 * helpers.mjs - a stand-in, a client of it, and a receiver of its webhooks
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scenario } from '../scenario.mjs';
import { startSimulator } from '../simulator.mjs';

export const CONNECTION = '2163495000000000001';
export const FROM = '+13125550199';
export const SEED = Buffer.from('df0c89b54df399b20e10893fdceae7fd80dc0c5c2f21c9c01438e3f32aacff2c', 'hex');

/* Wait until `probe` gives something true, and return that; at most a minute. */
export async function eventually(probe, what) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(5);
  }
}

/* Some events have their time in the payload. */
const timeOf = ({ occurred_at: at, payload }) => at ?? payload.occurred_at;

/*
 * A server which keeps what it is sent: events[] of {headers, raw, data, meta}, as they came, which is not always
 * how they happened: what happens at once is sent at once, by several connections. told() gives the types in the
 * order of what happened. answer(event) gives the status, 200 by default, or null for no answer.
 */
export async function startReceiver(answer = () => 200) {
  const events = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const event = { headers: incoming.headers, raw, ...JSON.parse(raw) };
    events.push(event);
    const status = answer(event, events.length);
    if (status !== null) outgoing.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    events,
    url: `http://127.0.0.1:${server.address().port}/hooks`,
    types: () => events.map(({ data }) => data.event_type),
    told: () => events.map(({ data }) => data).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).map((data) => data.event_type),
    seen: (type) => eventually(() => events.find(({ data }) => data.event_type === type), type),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/*
 * A running stand-in, fifty times as fast as life, with a receiver; both end with the test. It waits for the
 * receiver's answers longer than a busy machine can stop them both.
 */
export async function startAll(t, { scenario = {}, answer, ...options } = {}) {
  const defaults = Scenario.read().source;
  const receiver = await startReceiver(answer);
  const sim = await startSimulator({
    scenario: new Scenario({ ...defaults, ...scenario, webhooks: { timeoutMs: 60_000, ...scenario.webhooks } }),
    seed: SEED,
    timeScale: 50,
    ...options,
  });
  t.after(async () => {
    await sim.stop();
    receiver.stop();
  });
  return { sim, receiver, ...client(sim.url, receiver.url) };
}

/* Requests to the provider's side and to /_sim/, each giving {status, body, headers}. */
function client(url, webhookUrl) {
  const call = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: 'Bearer KEYtest', 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const action = (id, name, body = {}) =>
    call('POST', `/v2/calls/${encodeURIComponent(id)}/actions/${name}`, body);
  const dial = (to, fields = {}) =>
    call('POST', '/v2/calls', {
      connection_id: CONNECTION,
      to,
      from: FROM,
      webhook_url: webhookUrl,
      timeout_secs: 30,
      retry_on_timeout: false,
      ...fields,
    });
  return { call, action, dial, control: (method, path, body) => call(method, `/_sim/${path}`, body) };
}
