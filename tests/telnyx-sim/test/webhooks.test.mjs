/* Signatures, retries, and deliveries gone wrong on purpose. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signer } from '../signing.mjs';
import { eventually, SEED, startAll } from './helpers.mjs';

const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));
const TO = '+13125550177';

function publicKey(base64) {
  const x = Buffer.from(base64, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function isSigned({ headers, raw }, key) {
  const message = Buffer.concat([Buffer.from(`${headers['telnyx-timestamp']}|`), raw]);
  return verify(null, message, publicKey(key), Buffer.from(headers['telnyx-signature-ed25519'], 'base64'));
}

for (const { name, timestamp, body, signature } of vectors.vectors) {
  test(`signs the vector: ${name}`, () => {
    const signer = new Signer(Buffer.from(vectors.seed, 'hex'));
    assert.equal(signer.publicKey, vectors.publicKey);
    assert.equal(signer.headers(body, timestamp)['telnyx-signature-ed25519'], signature);
  });
}

test('every_webhook_verifies_with_the_public_key', async (t) => {
  const { dial, action, receiver, sim } = await startAll(t);
  const { data } = (await dial(TO)).body;
  await receiver.seen('call.answered');
  await action(data.call_control_id, 'hangup');
  await receiver.seen('call.hangup');
  for (const event of receiver.events) {
    assert.ok(isSigned(event, sim.signer.publicKey));
    assert.ok(Math.abs(Number(event.headers['telnyx-timestamp']) - Date.now() / 1000) < 5);
  }
  assert.equal(isSigned({ ...receiver.events[0], raw: Buffer.from('{}') }, sim.signer.publicKey), false);
});

test('a_refused_webhook_comes_again_with_the_same_id_and_a_higher_attempt', async (t) => {
  const { dial, receiver, control } = await startAll(t, {
    scenario: { webhooks: { retryMs: [5, 5, 5] } },
    answer: (event) => (event.meta.attempt < 3 ? 503 : 200),
  });
  await dial('+13125550102', { timeout_secs: 600 });
  await eventually(() => receiver.events.length === 3, 'three attempts');
  assert.deepEqual(receiver.events.map(({ meta }) => meta.attempt), [1, 2, 3]);
  assert.equal(new Set(receiver.events.map(({ data }) => data.id)).size, 1);
  assert.equal(new Set(receiver.events.map(({ headers }) => headers['telnyx-signature-ed25519'])).size, 3);

  const delivery = await eventually(async () => {
    const { deliveries } = (await control('GET', 'webhooks')).body;
    return deliveries[0].status === 'delivered' && deliveries[0];
  }, 'delivered');
  assert.deepEqual(delivery.attempts.map(({ status }) => status), [503, 503, 200]);
});

test('no_answer_in_time_is_a_failure_too_and_retries_end', async (t) => {
  const { dial, control } = await startAll(t, {
    scenario: { webhooks: { timeoutMs: 30, retryMs: [5] } },
    answer: () => null,
  });
  await dial('+13125550102');
  const { attempts } = await eventually(async () => {
    const [first] = (await control('GET', 'webhooks')).body.deliveries;
    return first?.status === 'failed' && first;
  }, 'given up');
  assert.deepEqual(attempts.map(({ error }) => error), ['no answer in time', 'no answer in time']);
});

test('the_dial_chooses_addresses_and_retries_for_each_event', async (t) => {
  const { dial, action, receiver } = await startAll(t, {
    answer: (event) => (event.data.event_type === 'call.hangup' && event.meta.attempt === 1 ? 500 : 200),
  });
  const { data } = (
    await dial(TO, {
      webhook_urls: { 'call.hangup': `${receiver.url}/other` },
      webhook_retries_policies: { 'call.hangup': { retries_ms: [1] } },
    })
  ).body;
  await action(data.call_control_id, 'hangup');
  const hangups = () => receiver.events.filter(({ data: { event_type: type } }) => type === 'call.hangup');
  await eventually(() => hangups().length === 2, 'the retry');
  for (const { meta } of hangups()) assert.equal(meta.delivered_to, `${receiver.url}/other`);
});

test('webhooks_can_be_doubled_lost_forged_and_shuffled', async (t) => {
  const { dial, receiver, control, sim } = await startAll(t, {
    scenario: { rules: [{ result: 'human', initiatedMs: 1, ringMs: 1, hangUpAfterMs: 1 }], seed: 5 },
  });
  const settled = async (count) => eventually(() => receiver.events.length >= count, `${count} webhooks`);

  await control('POST', 'webhooks', { match: 'answered', duplicate: 2 });
  await dial(TO);
  await settled(5);
  const answered = receiver.events.filter(({ data }) => data.event_type === 'call.answered');
  assert.equal(answered.length, 3);
  assert.equal(new Set(answered.map(({ data }) => data.id)).size, 1);

  receiver.events.length = 0;
  await control('POST', 'webhooks', { match: 'answered', drop: true, times: 1 });
  await dial(TO);
  await settled(2);
  await dial(TO);
  await settled(5);
  assert.equal(receiver.types().filter((type) => type === 'call.answered').length, 1);

  receiver.events.length = 0;
  await control('POST', 'webhooks', { forge: true });
  await dial(TO);
  await settled(1);
  assert.equal(isSigned(receiver.events[0], sim.signer.publicKey), false);
  await settled(3);

  receiver.events.length = 0;
  await control('POST', 'webhooks', { shuffleWithinMs: 60 });
  for (let i = 0; i < 10; i++) await dial(TO);
  await settled(30);
  const sent = receiver.events.map(({ data }) => data.occurred_at);
  assert.notDeepEqual(sent, [...sent].sort());

  receiver.events.length = 0;
  await control('DELETE', 'webhooks');
  await dial(TO);
  await settled(3);
  assert.deepEqual(receiver.told(), ['call.initiated', 'call.answered', 'call.hangup']);
});

test('a_call_nobody_listens_to_is_noted', async (t) => {
  const { dial, control } = await startAll(t);
  await dial('+13125550105', { webhook_url: undefined });
  await eventually(async () => {
    const { deliveries } = (await control('GET', 'webhooks')).body;
    return deliveries.length === 2 && deliveries.every(({ status }) => status === 'nowhere');
  }, 'two webhooks to nowhere');
});

test('one_destination_gets_a_bounded_number_at_once', async (t) => {
  const { dial, receiver } = await startAll(t, {
    scenario: { rules: [{ result: 'busy', initiatedMs: 1, ringMs: 1 }], webhooks: { concurrency: 2, timeoutMs: 5000 } },
    answer: () => null,
  });
  for (let i = 0; i < 5; i++) await dial(TO);
  await eventually(() => receiver.events.length === 2, 'the first two');
  await sleep(100);
  assert.equal(receiver.events.length, 2);
});

test('the_key_of_the_tests_is_the_one_of_the_vectors', () => {
  assert.equal(SEED.toString('hex'), vectors.seed);
});
