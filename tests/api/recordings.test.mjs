/* Recordings: fetched from the provider, listed with links that end, played in parts. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  admin, as, baseUrl, endAllCalls, endCall, eventually, execute, expectInvalid, expectProblem, expectStatus, foreignId, newAnsweredCall,
  newCall, query, send, signingKey, sleep,
} from './support.mjs';

after(endAllCalls);

const list = async (callId, by = admin) => expectStatus(await by.get(`/api/calls/${callId}/recording`), 200).body.data;
const available = (callId) =>
  eventually(
    async () => (await list(callId)).recordings.find(({ status }) => status === 'available'),
    'a recording is available',
  );

/* The bytes of a link: fetched as a browser would, without a token. */
async function play(url, headers = {}) {
  const response = await fetch(`${baseUrl}${url}`, { headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/* One recorded call for all tests that only look. */
let callId, recording;

before(async () => {
  ({ callId } = await newAnsweredCall());
  expectStatus(await admin.post(`/api/calls/${callId}/recording`, { action: 'start' }), 200);
  await eventually(
    async () =>
      (await query("select state from vals.commands where call_id = :'callId' and kind = 'record_start'", { callId })).some(
        ({ state }) => state === 'done',
      ),
    'the provider records',
  );
  await sleep(1000);
  expectStatus(await endCall(callId), 200);
  recording = await available(callId);
});

describe('the recordings of a call', () => {
  test('are listed with what is known of them', async () => {
    const { callId: id, recording: summary, recordings } = await list(callId);
    assert.deepEqual([id, summary.status, recordings.length], [callId, 'available', 1]);
    const { bytes, durationSec, startedAt, endedAt, url, expiresAt, ...rest } = recordings[0];
    assert.deepEqual(rest, { id: recording.id, channels: 'dual', format: 'mp3', status: 'available' });
    assert.ok(bytes > 0 && durationSec >= 0 && endedAt > startedAt);
    assert.match(url, new RegExp(`^/api/recordings/${recording.id}/file\\?expires=\\d+&signature=[0-9a-f]{64}$`));
    const left = Date.parse(expiresAt) - Date.now();
    assert.ok(left > 200_000 && left <= 301_000, `${left}`);
  });

  test('are none where nothing was recorded', async () => {
    const call = await newCall();
    assert.deepEqual((await list(call.callId)).recordings, []);
    expectProblem(await admin.get(`/api/calls/${foreignId()}/recording`), 404, 'NOT_FOUND');
  });

  test('are for all who may see calls', async () => {
    for (const role of ['analyst', 'operator', 'agent'])
      assert.equal((await list(callId, await as(role))).recordings.length, 1);
  });
});

describe('a link', () => {
  test('plays the whole file without a token', async () => {
    const { status, headers, bytes } = await play(recording.url);
    assert.deepEqual(
      [status, headers.get('content-type'), headers.get('cache-control'), headers.get('accept-ranges')],
      [200, 'audio/mpeg', 'private, no-store', 'bytes'],
    );
    assert.equal(bytes.length, recording.bytes);
    assert.equal(headers.get('content-disposition'), `inline; filename="${recording.id}.mp3"`);
    assert.equal(headers.get('x-accel-redirect'), null);
    expectStatus(await send('GET', recording.url, { isBare: true }), 200);
  });

  test('plays parts', async () => {
    const whole = (await play(recording.url)).bytes;
    const part = await play(recording.url, { range: 'bytes=100-199' });
    assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 100-199/${whole.length}`]);
    assert.ok(part.bytes.equals(whole.subarray(100, 200)));
    const tail = await play(recording.url, { range: 'bytes=-10' });
    assert.ok(tail.bytes.equals(whole.subarray(-10)));
    assert.equal((await play(recording.url, { range: 'bytes=9999999-' })).status, 416);
    expectStatus(await send('GET', recording.url, { headers: { range: 'bytes=0-9' }, isBare: true }), 206);
  });

  test('is worth nothing when a digit of it is changed', async () => {
    const [path, query] = recording.url.split('?');
    const { expires, signature } = Object.fromEntries(new URLSearchParams(query));
    const flipped = `${signature.slice(0, -1)}${signature.endsWith('0') ? 1 : 0}`;
    const forged = [
      path,
      `${path}?expires=${expires}`,
      `${path}?signature=${signature}`,
      `${path}?expires=${expires}&signature=${flipped}`,
      `${path}?expires=${Number(expires) + 1}&signature=${signature}`,
      `${path}?expires=0${expires}&signature=${signature}`,
      `${path}?expires=${expires}&signature=${signature.toUpperCase()}`,
      `${path}?expires=${expires}&signature=${signature}00`,
      `/api/recordings/${foreignId()}/file?expires=${expires}&signature=${signature}`,
    ];
    for (const url of forged) expectProblem(await send('GET', url), 403, 'LINK_INVALID');
    expectInvalid(await send('GET', `${path}?expires=${'1'.repeat(21)}&signature=${signature}`), 'expires');
  });

  test('ends at its time', { skip: signingKey() ? false : 'needs the keys of this installation' }, async () => {
    const link = (expires) => {
      const mac = createHmac('sha256', signingKey().secret).update(`recording\n${recording.id}\n${expires}`).digest('hex');
      return `/api/recordings/${recording.id}/file?expires=${expires}&signature=${mac}`;
    };
    const now = Math.floor(Date.now() / 1000);
    assert.equal((await play(link(now + 200))).status, 200);
    expectProblem(await send('GET', link(now - 1)), 403, 'LINK_EXPIRED');
    expectProblem(await send('GET', link(0)), 403, 'LINK_EXPIRED');
  });

  test('is no way around the link: the folder itself is not served', async () => {
    const [{ file }] = await query("select file from vals.recordings where id = :'id'", { id: recording.id });
    assert.equal((await play(`/vals-recordings/${file}`)).status, 404);
    assert.equal((await play(`/vals-recordings/../${file}`)).status, 404);
  });

  test('ends when the recording does', async () => {
    const { url, id } = (await list(callId)).recordings[0];
    await execute("update vals.recordings set state = 'forgotten', file = null where id = :'id'", { id });
    expectProblem(await send('GET', url), 404, 'NOT_FOUND');
    const [gone] = (await list(callId)).recordings;
    assert.deepEqual([gone.status, gone.url, gone.expiresAt], ['expired', null, null]);
  });
});
