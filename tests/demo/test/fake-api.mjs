/*
 * fake-api.mjs - as much of the API as the demo uses, in memory
 *
 * answer(request) may take a request over by returning {status, headers, body};
 * fate(lead) says what a call to a lead does: 'human' (default), 'busy', 'leaves', 'kevin'.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

const FINAL = new Set(['completed', 'busy', 'canceled']);

class FakeApi {
  constructor({ leads = 40, answer = () => null, fate = () => 'human', answerMs = 20 }) {
    this.answer = answer;
    this.fate = fate;
    this.answerMs = answerMs;
    this.calls = new Map();
    this.requests = [];
    this.mostLive = 0;
    this.leads = Array.from({ length: leads }, (_, i) => ({
      id: randomUUID(),
      phone: `+1312555${String(100 + i).padStart(4, '0')}`,
      status: i % 2 ? 'contacted' : 'new',
      doNotCall: false,
    }));
  }

  get live() {
    return [...this.calls.values()].filter(({ status }) => !FINAL.has(status));
  }

  handle({ method, url, headers, body }) {
    const { pathname, searchParams } = new URL(url, 'http://fake');
    const route = `${method} ${pathname}`;
    this.requests.push({ route, body, headers, at: performance.now() });
    const taken = this.answer({ route, body, headers });
    if (taken) return taken;
    if (headers.authorization !== 'Bearer vals_test') return { status: 401, body: { success: false } };
    if (route === 'GET /api/leads') return this.list(searchParams);
    if (route === 'GET /api/calls/active') return ok(this.live);
    const action = /^POST \/api\/agent\/([\w-]+)$/.exec(route)?.[1];
    return action === 'start-call' ? this.start(body) : this.act(action, body);
  }

  list(query) {
    const limit = Number(query.get('limit'));
    const found = this.leads.filter(({ status }) => status === query.get('status'));
    const page = Number(query.get('page'));
    const pagination = { total: found.length, pages: Math.max(1, Math.ceil(found.length / limit)) };
    return ok(found.slice((page - 1) * limit, page * limit), { pagination });
  }

  start({ leadId, agentVersion }) {
    if (this.live.some((call) => call.leadId === leadId)) return refuse(409, 'LEAD_ON_CALL');
    const lead = this.leads.find(({ id }) => id === leadId);
    if (!lead) return refuse(404, 'NOT_FOUND');
    const call = { id: randomUUID(), leadId, agentVersion, status: 'ringing', scores: [], phases: [1], end: null };
    this.calls.set(call.id, call);
    this.mostLive = Math.max(this.mostLive, this.live.length);
    setTimeout(() => this.ring(call, this.fate(lead)), this.answerMs).unref();
    return { status: 201, body: { success: true, data: { callId: call.id, status: 'initiated' } } };
  }

  ring(call, fate) {
    if (FINAL.has(call.status)) return;
    call.status = fate === 'busy' ? 'busy' : 'active';
    const next = { leaves: 'completed', kevin: 'transferred' }[fate];
    if (next) setTimeout(() => (call.status = next), this.answerMs).unref();
  }

  act(action, body) {
    const call = this.calls.get(body.callId);
    if (!call) return refuse(404, 'NOT_FOUND');
    if (action === 'end-call') {
      call.end ??= body;
      if (!FINAL.has(call.status)) call.status = 'completed';
      return ok({ callId: call.id, status: call.status });
    }
    if (action === 'engagement-score') call.scores.push(body);
    else if (FINAL.has(call.status)) return refuse(409, 'CALL_OVER');
    else call.phases.push(body.phase);
    return ok({ callId: call.id });
  }
}

const ok = (data, more = {}) => ({ status: 200, body: { success: true, data, ...more } });

const refuse = (status, code) => ({ status, body: { success: false, error: code, code } });

/* Start one on loopback; it has url and stop(). */
export async function startFakeApi(options = {}) {
  const api = new FakeApi(options);
  const server = createServer(async (incoming, outgoing) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const { method, url, headers } = incoming;
    const answer = api.handle({ method, url, headers, body: text ? JSON.parse(text) : undefined });
    outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    outgoing.end(JSON.stringify(answer.body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api.url = `http://127.0.0.1:${server.address().port}`;
  api.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return api;
}
