/* The metrics page: Prometheus text, counted by route template. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admin, baseUrl, expectStatus, newLead, send } from './support.mjs';

async function samples() {
  const response = await fetch(`${baseUrl}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const found = new Map();
  for (const line of (await response.text()).split('\n').filter((text) => text && !text.startsWith('#'))) {
    const [, name, value] = line.match(/^([a-z_]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})?) (-?[0-9.e+-]+|\+Inf)$/) ?? assert.fail(line);
    assert.ok(!found.has(name), `${name} stands twice`);
    found.set(name, Number(value));
  }
  return found;
}

test('requests are counted by route template and status', async () => {
  const name = 'vals_requests_total{method="GET",route="/api/leads/:id",code="2xx"}';
  const lead = await newLead();
  let before = (await samples()).get(name) ?? 0;
  /* Whoever has the answer finds it counted. */
  for (let i = 0; i < 20; i += 1) {
    expectStatus(await admin.get(`/api/leads/${lead.id}`), 200);
    const now = (await samples()).get(name);
    assert.ok(now > before);
    before = now;
  }
});

test('a path of no route is counted without its name', async () => {
  const name = 'vals_requests_total{method="",route="none",code="4xx"}';
  const before = (await samples()).get(name) ?? 0;
  expectStatus(await admin.get('/api/nothing/like/this'), 404);
  const after = await samples();
  assert.ok(after.get(name) > before);
  assert.ok(![...after.keys()].some((key) => key.includes('nothing')));
});

test('the buckets of a route add up to its count', async () => {
  await admin.get('/api/calls/active');
  const now = await samples();
  const label = 'method="GET",route="/api/calls/active"';
  assert.equal(now.get(`vals_request_seconds_bucket{${label},le="+Inf"}`), now.get(`vals_request_seconds_count{${label}}`));
});

test('how long requests wait for a worker is counted', async () => {
  const before = (await samples()).get('vals_queue_seconds_count');
  await admin.get('/api/calls/active');
  const now = await samples();
  assert.ok(now.get('vals_queue_seconds_count') > before);
  assert.equal(now.get('vals_queue_seconds_bucket{le="+Inf"}'), now.get('vals_queue_seconds_count'));
  assert.ok(now.get('vals_queue_seconds_sum') / now.get('vals_queue_seconds_count') < 60);
});

test('calls of the database are counted by how they ended', async () => {
  const before = await samples();
  const lead = await newLead();
  expectStatus(await admin.post('/api/leads', { firstName: 'A', lastName: 'B', phone: lead.phone }), 409);
  const now = await samples();
  for (const outcome of ['ok', 'refused']) {
    const name = `vals_database_calls_total{outcome="${outcome}"}`;
    assert.ok(now.get(name) > before.get(name), outcome);
  }
  assert.ok(now.get('vals_database_connects_total') >= 1);
});

test('provider events that are refused are counted, the late ones by themselves', async () => {
  const event = (at) =>
    send('POST', '/api/webhooks/telnyx', {
      body: {}, headers: { 'telnyx-signature-ed25519': 'AAAA', 'telnyx-timestamp': at === undefined ? null : String(at) }, isBare: true,
    });
  const counters = async () => {
    const now = await samples();
    return ['refused', 'late'].map((kind) => now.get(`vals_webhooks_${kind}_total`));
  };
  const [refused, late] = await counters();
  await event();
  await event(Math.floor(Date.now() / 1000));
  await event(1_000_000_000);
  assert.deepEqual(await counters(), [refused + 3, late + 1]);
});

test('the database and the other programs are seen', async () => {
  const now = await samples();
  assert.equal(now.get('vals_database_up'), 1);
  assert.ok(now.get('vals_workers{state="busy"}') >= 1);
  for (const name of ['vals_events_waiting', 'vals_event_last_seq', 'vals_calls_live', 'vals_notify_queue_usage'])
    assert.ok(now.get(name) >= 0, name);
  assert.ok([...now].some(([name, value]) => name.startsWith('vals_program_up{program="vals-ws') && value === 1));
});
