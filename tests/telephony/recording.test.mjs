/* A call's recording: begun with the answer, fetched when it is saved, and heard again by a short link. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actOn, admin, callWith, endCall, eventually, legTo, newCall, sim } from './support.mjs';

const recordings = async (callId) => (await admin('GET', `/api/calls/${callId}/recording`)).body.data;

/* The call's recording, once its file is here. */
const available = (callId) =>
  eventually(async () => {
    const data = await recordings(callId);
    return data.recording.status === 'available' && data.recordings[0];
  }, 'the recording is available');

const fetchFile = (url, headers = {}) => fetch(new URL(url, process.env.VALS_URL), { headers });

async function finishedCall() {
  const { lead, callId } = await newCall();
  const leg = await legTo(lead.phone, ({ isRecorded }) => isRecorded);
  await callWith(callId, ({ answeredAt }) => answeredAt, 'it was answered');
  await endCall(callId);
  return { callId, leg };
}

describe('a recording', { concurrency: 3 }, () => {
  test('of every answered call becomes a file that can be heard, in parts too', async () => {
    const { callId } = await finishedCall();
    const { url, bytes, format, channels } = await available(callId);
    assert.deepEqual([format, channels], ['mp3', 'dual']);

    const whole = await fetchFile(url);
    assert.equal(whole.status, 200);
    const sound = Buffer.from(await whole.arrayBuffer());
    assert.equal(sound.length, bytes);
    assert.deepEqual([sound[0], sound[1]], [0xff, 0xf3]);
    const part = await fetchFile(url, { range: 'bytes=0-9' });
    assert.equal(part.status, 206);
    assert.equal((await part.arrayBuffer()).byteLength, 10);
  });

  test('is not given to whoever forges or keeps its link', async () => {
    const { callId } = await finishedCall();
    const { url } = await available(callId);
    const forged = url.replace(/signature=(.)/, (_, first) => `signature=${first === '0' ? '1' : '0'}`);
    const later = url.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 60}`);
    for (const bad of [forged, later, url.split('?')[0]]) assert.equal((await fetchFile(bad)).status, 403, bad);
  });

  test('that was stopped is saved while the call goes on', async () => {
    const { lead, callId } = await newCall();
    await legTo(lead.phone, ({ isRecorded }) => isRecorded);
    const { status } = await admin('POST', `/api/calls/${callId}/recording`, { action: 'stop' });
    assert.equal(status, 200);
    await available(callId);
    await endCall(callId);
  });

  test('is asked for early, and once more when there is audio', async () => {
    await sim('POST', 'faults', {
      match: { method: 'POST', path: '/record_start$' },
      status: 422,
      body: { errors: [{ code: '90020', title: 'Call recording triggered before audio started' }] },
    });
    const { callId } = await finishedCall();
    await available(callId);
  });

  test('of a lead who hangs up is kept as well', async () => {
    const { lead, callId } = await newCall();
    const leg = await legTo(lead.phone, ({ isRecorded }) => isRecorded);
    await actOn(leg.callControlId, 'hangup');
    await available(callId);
  });
});
