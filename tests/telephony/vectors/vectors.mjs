/*
 * vectors.mjs - signed webhooks made from the facts in vectors.json
 *
 * A vector says what is unusual: the body that is sent or signed, how the time
 * is written, what was signed and by whom, what became of the signature.  The
 * rest is as the provider does it, now.
 */
import { randomUUID, sign, createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const FACTS = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));

/* PKCS #8 header of an Ed25519 private key (RFC 8410); the 32-byte seed follows. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/* The order of the group of Ed25519 (RFC 8032). */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const keyOf = (seed) =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });

const KEYS = { ours: keyOf(Buffer.from(FACTS.seed, 'hex')), other: keyOf(randomBytes(32)) };

const event = (id, attempt = 1) =>
  JSON.stringify({
    data: {
      record_type: 'event',
      event_type: 'call.answered',
      id,
      occurred_at: '2026-03-02T15:00:07.000000Z',
      payload: { call_control_id: `v3:${id}`, call_leg_id: randomUUID(), state: 'answered' },
    },
    meta: { attempt, delivered_to: 'https://voice.example.com/webhooks/telnyx' },
  });

const SPOKEN = `{
  "data": {"event_type":"call.transcription","payload":{"transcription_data":{"transcript":"café \\u00fc \\/ 📞","is_final":true}}}
}
`;

/* Bodies by name; `id` is that of the event. */
const BODIES = {
  plain: (id) => event(id),
  repeated: (id) => event(id, 2),
  spoken: () => SPOKEN,
  empty: () => '',
  hello: () => 'hello',
  barred: () => '{"data":{"event_type":"x|y","id":"1|2"}}',
};

/* What is sent in place of a signed body. */
const CHANGES = {
  changed: (body) => body.replace('call.answered', 'call.answereD'),
  reprinted: (body) => JSON.stringify(JSON.parse(body), null, 1),
  shortened: (body) => body.slice(0, -1),
  lengthened: (body) => `${body}\n`,
};

function malleated(signature) {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + GROUP_ORDER;
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), bytes]).toString('base64');
}

function bent(signature) {
  signature[7] ^= 1;
  return signature.toString('base64');
}

/* What stands in the header, of 64 bytes of signature. */
const WRITINGS = {
  plain: (bytes) => bytes.toString('base64'),
  none: () => '',
  bent,
  malleated,
  zeros: () => Buffer.alloc(64).toString('base64'),
  short: (bytes) => bytes.subarray(0, 63).toString('base64'),
  long: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]).toString('base64'),
  unpadded: (bytes) => bytes.toString('base64').replace(/=+$/, ''),
  foreign: (bytes) => `!!${bytes.toString('base64').slice(2)}`,
  wrapped: (bytes) => bytes.toString('base64').replace(/^(.{64})/, '$1\n'),
  hexadecimal: (bytes) => bytes.toString('hex'),
  tailed: (bytes) => `${bytes.toString('base64')}AAAA`,
};

const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/* Ways to write a time of `s` seconds. */
const writingsOf = (s) => ({
  s,
  hex: s.toString(16),
  head: String(s).slice(0, 5),
  tail: String(s).slice(5),
  wrapped: 2n ** 64n + BigInt(s),
});

/*
 * The request of a vector: {id, body, headers}, an absent header being left out.
 * nowS: the time in seconds; id: of the event.
 */
export function requestOf(vector, nowS, id = randomUUID()) {
  const seconds = nowS - (vector.age ?? 0);
  const stamp = vector.stamp === null ? null : filled(vector.stamp ?? '{s}', writingsOf(seconds));
  const body = BODIES[vector.body ?? 'plain'](id);
  const message = filled(vector.message ?? '{stamp}|{body}', { stamp: stamp ?? seconds, earlier: seconds - 10, body });
  const signature = sign(null, Buffer.from(message), KEYS[vector.signer ?? 'ours']);

  const headers = {};
  if (stamp !== null) headers['telnyx-timestamp'] = stamp;
  if (vector.signature !== null) headers['telnyx-signature-ed25519'] = WRITINGS[vector.signature ?? 'plain'](signature);
  return { id, body: vector.sent ? CHANGES[vector.sent](body) : body, headers };
}
