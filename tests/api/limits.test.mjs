/* How much is too much: bodies, addresses, headers. Each has its own status and the envelope. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  admin,
  agent,
  endAllCalls,
  endCall,
  expectInvalid,
  expectStatus,
  leadBody,
  newCall,
  query,
  runName,
  send,
  sendLines,
} from './support.mjs';

after(endAllCalls);

const MEGABYTE = 1024 * 1024;
const authorization = `Authorization: Bearer ${admin.token}`;

/* The body filled with blanks to this length. */
const padded = (body, length) => JSON.stringify(body).padEnd(length, ' ');

describe('a body', () => {
  test('of exactly 10 MB is read', async () => {
    const body = leadBody();
    const { data } = expectStatus(await admin.post('/api/leads', padded(body, 10 * MEGABYTE)), 201).body;
    assert.equal(data.phone, body.phone);
  });

  test('of one byte more is 413 and has no effect', async () => {
    const body = leadBody();
    expectStatus(await admin.post('/api/leads', padded(body, 10 * MEGABYTE + 1)), 413);
    assert.deepEqual(await query("select id from vals.leads where phone = :'phone'", { phone: body.phone }), []);
  });

  test('is too large by its own account already', async () => {
    expectStatus(
      await sendLines('POST /api/leads', [
        authorization,
        'Content-Type: application/json',
        'Content-Length: 99999999999',
      ]),
      413,
    );
  });

  test('is refused for its size before anybody asks for a token', async () => {
    expectStatus(await send('POST', '/api/leads', { body: Buffer.alloc(10 * MEGABYTE + 1, ' ') }), 413);
  });

  test('of a webhook has at most 1 MB', async () => {
    const post = (length) => send('POST', '/api/webhooks/telnyx', { body: Buffer.alloc(length, ' '), isBare: true });
    assert.equal((await post(MEGABYTE)).status, 401);
    assert.equal((await post(MEGABYTE + 1)).status, 413);
  });

  test('with a length that is no number is 400', async () => {
    for (const length of ['abc', '-1', '1e3', '0x10'])
      expectStatus(
        await sendLines('POST /api/leads', [
          authorization,
          'Content-Type: application/json',
          `Content-Length: ${length}`,
        ]),
        400,
      );
  });

  test('may come in chunks', async () => {
    const body = JSON.stringify(leadBody());
    const chunks = [body.slice(0, 20), body.slice(20)]
      .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
      .join('');
    expectStatus(
      await sendLines(
        'POST /api/leads',
        [authorization, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
        `${chunks}0\r\n\r\n`,
      ),
      201,
    );
  });

  test('of a million small values is refused', async () => {
    expectInvalid(
      await admin.post('/api/leads', `{"tags":[${'1,'.repeat(1_000_000)}1]}`),
      'firstName',
      'lastName',
      'phone',
      'tags',
    );
    const names = Array.from({ length: 100_000 }, (_, i) => `"n${i}":1`).join(',');
    expectStatus(await admin.post('/api/leads', `{${names}}`), 400);
  });
});

describe('an address', () => {
  test('of 8 kB is read', async () => {
    expectInvalid(await admin.get(`/api/leads?search=${'a'.repeat(8000)}`), 'search');
  });

  test('that is too long is 414', async () => {
    for (const path of [`/api/leads?search=${'a'.repeat(40_000)}`, `/api/leads/${'a'.repeat(40_000)}`])
      expectStatus(await send('GET', path, { token: admin.token }), 414);
  });
});

describe('headers', () => {
  test('that are too large are 431', async () => {
    expectStatus(await sendLines('GET /api/leads', [authorization, `X-Long: ${'a'.repeat(20_000)}`]), 431);
    expectStatus(
      await sendLines('GET /api/leads', [
        authorization,
        ...Array.from({ length: 12 }, (_, i) => `X-Long-${i}: ${'a'.repeat(8000)}`),
      ]),
      431,
    );
  });

  test('that may come once and come twice are 400', async () => {
    for (const name of ['Authorization', 'Idempotency-Key', 'If-Match']) {
      const lines =
        name === 'Authorization' ? [authorization, authorization] : [authorization, `${name}: a`, `${name}: b`];
      expectStatus(await sendLines('GET /api/leads', lines), 400);
    }
  });

  test('of other kinds may come as often as they like', async () => {
    expectStatus(
      await sendLines('GET /api/leads?limit=1', [
        authorization,
        'Accept: a',
        'Accept: b',
        'X-Forwarded-For: 1.2.3.4',
        'X-Forwarded-For: 5.6.7.8',
      ]),
      200,
    );
  });

  test('with a strange Host are answered', async () => {
    const answer = await send('GET', '/api/health', {
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    assert.doesNotMatch(expectStatus(answer, 200).text, /evil/);
  });
});

describe('a flood within the limits', () => {
  test('of 200 requests at once is answered without a fault', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => admin.get(`/api/leads?limit=1&page=${i}`)));
    for (const answer of answers) expectStatus(answer, 200);
  });

  test('of 100 reports at once on one call keeps every one', async () => {
    const { callId } = await newCall({ lead: { lastName: `${runName}flood` } });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => agent.post('/api/agent/engagement-score', { callId, engagementScore: i })),
    );
    for (const answer of answers) expectStatus(answer, 200);
    assert.equal(
      (await query("select id from vals.engagement_reports where call_id = :'callId'", { callId })).length,
      100,
    );
    expectStatus(await endCall(callId), 200);
  });
});
