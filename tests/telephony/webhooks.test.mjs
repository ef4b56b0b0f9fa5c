/* The provider's reports: signed, once each, in any order, and never from a stranger. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  admin, callOver, callWith, commandsOf, dialFault, endCall, eventually, getCall, legTo, newCall, newLead, postWebhook,
  signed, sim, startCall, statusEvents, webhook, webhookRows,
} from './support.mjs';

/* A call that rings for a long time, so that these tests decide what happens to it. */
async function ringingCall() {
  const { lead, callId } = await newCall('02');
  await callWith(callId, ({ status }) => status === 'ringing', 'it rings');
  return { lead, callId, leg: await legTo(lead.phone) };
}

const send = ({ raw }) => postWebhook(raw, signed(raw));

describe('a webhook', { concurrency: true }, () => {
  test('delivered twice at once is 200 twice and has one effect', async () => {
    const { lead, callId, leg } = await ringingCall();
    const answered = webhook('call.answered', leg);
    const human = webhook('call.machine.premium.detection.ended', leg, { result: 'human_residence' });
    for (const event of [answered, human]) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => send(event)));
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200]);
      assert.equal((await webhookRows(event.id)).length, 1);
    }

    assert.equal((await getCall(callId)).status, 'in-progress');
    assert.equal((await statusEvents(callId, 'active')).length, 1);
    assert.equal((await statusEvents(callId, 'in-progress')).length, 1);
    const { body } = await admin('GET', `/api/leads/${lead.id}`);
    assert.equal(body.data.stageHistory.filter(({ to }) => to === 'contacted').length, 1);
    await endCall(callId);
  });

  test('with the same fact under another id changes nothing', async () => {
    const { callId, leg } = await ringingCall();
    const [first, second] = [webhook('call.answered', leg), webhook('call.answered', leg)];
    assert.equal((await send(first)).status, 200);
    const { answeredAt } = await getCall(callId);
    assert.equal((await send(second)).status, 200);
    assert.equal((await webhookRows(second.id)).length, 1);
    assert.equal((await getCall(callId)).answeredAt, answeredAt);
    assert.equal((await statusEvents(callId, 'active')).length, 1);
    await endCall(callId);
  });

  test('that comes after the end does not bring the call back', async () => {
    const { callId, leg } = await ringingCall();
    const hangup = webhook('call.hangup', leg, { hangup_cause: 'user_busy', hangup_source: 'callee' });
    assert.equal((await send(hangup)).status, 200);
    assert.equal((await getCall(callId)).status, 'busy');
    assert.equal((await send(webhook('call.answered', leg))).status, 200);
    assert.equal((await send(webhook('call.initiated', leg))).status, 200);
    const call = await callOver(callId);
    assert.equal(call.status, 'busy');
    assert.equal((await statusEvents(callId, 'active')).length, 0);
  });

  test('that overtakes the answer to the dial finds its call', async () => {
    const lead = await newLead('02');
    await dialFault(lead.phone, { delayMs: 4500 });
    const starting = startCall(lead);
    const leg = await legTo(lead.phone);
    const { call } = JSON.parse(Buffer.from(leg.clientState, 'base64'));

    await callWith(call, ({ status }) => status === 'ringing', 'it rings');
    assert.equal((await commandsOf(call))[0].state, 'leased');
    const { body } = await starting;
    assert.equal(body.data.telnyxCallId, leg.callLegId);
    await endCall(call);
  });

  test('of an unknown kind is kept and has no effect', async () => {
    const { callId, leg } = await ringingCall();
    const news = webhook('call.something.new', leg, { unheard: { of: [1, 'ä😀'] } });
    assert.equal((await send(news)).status, 200);
    assert.equal((await webhookRows(news.id)).length, 1);
    assert.equal((await getCall(callId)).status, 'ringing');
    await endCall(callId);
  });

  test('about a call we never made is kept and has no effect', async () => {
    const strange = webhook('call.answered', {
      callControlId: `v3:${randomUUID()}`, callLegId: randomUUID(), clientState: 'bm90IG91cnM=',
    });
    const { status, body } = await send(strange);
    assert.equal(status, 200);
    assert.deepEqual(body, { received: true });
    assert.equal((await webhookRows(strange.id)).length, 1);
  });
});

describe('a stranger', { concurrency: true }, () => {
  let ringing;

  before(async () => {
    ringing = await ringingCall();
  });

  after(() => endCall(ringing.callId));

  /* Refused with 401 and an empty hand, no row, no effect. */
  async function assertRefused(makeHeaders, change = (raw) => raw) {
    const { id, raw } = webhook('call.answered', ringing.leg);
    const answer = await postWebhook(change(raw), makeHeaders(raw));
    assert.equal(answer.status, 401);
    assert.equal((await webhookRows(id)).length, 0);
    assert.equal((await getCall(ringing.callId)).status, 'ringing');
  }

  const bent = (headers) => {
    const signature = Buffer.from(headers['telnyx-signature-ed25519'], 'base64');
    signature[7] ^= 4;
    return { ...headers, 'telnyx-signature-ed25519': signature.toString('base64') };
  };

  test('who forges the signature is refused', () => assertRefused((raw) => bent(signed(raw))));

  test('who signs nothing is refused', () => assertRefused(() => ({})));

  test('who changes one byte of the body is refused', () =>
    assertRefused(signed, (raw) => raw.replace('call.answered', 'call.answerex')));

  test('who moves the timestamp is refused', () =>
    assertRefused((raw) => {
      const headers = signed(raw, 10);
      return { ...headers, 'telnyx-timestamp': String(Number(headers['telnyx-timestamp']) + 10) };
    }));

  test('who replays an old webhook is refused', () => assertRefused((raw) => signed(raw, 330)));

  test('who signs for the future is refused', () => assertRefused((raw) => signed(raw, -330)));

  test('who writes the timestamp in another way is refused', () =>
    assertRefused((raw) => {
      const headers = signed(raw);
      return { ...headers, 'telnyx-timestamp': `+${headers['telnyx-timestamp']}` };
    }));

  test('who pads the signature is refused', () =>
    assertRefused((raw) => {
      const headers = signed(raw);
      return { ...headers, 'telnyx-signature-ed25519': `${headers['telnyx-signature-ed25519']}AAAA` };
    }));
});

describe('a signed body', { concurrency: true }, () => {
  const bodies = {
    'that is no JSON': 'hello',
    'that is empty': '',
    'without an event id': '{"data":{"event_type":"call.answered","payload":{}}}',
    'whose id is no uuid': '{"data":{"id":"7","event_type":"call.answered","payload":{}}}',
    'that is a list': '[]',
    'that ends too early': '{"data":{"id":"',
  };

  for (const [name, raw] of Object.entries(bodies))
    test(`${name} is a bad request`, async () => {
      const { status } = await postWebhook(raw, signed(raw));
      assert.equal(status, 400);
    });

  test('over one megabyte is too large', async () => {
    const payload = { pad: 'x'.repeat(1_100_000) };
    const raw = JSON.stringify({ data: { id: randomUUID(), event_type: 'x', payload } });
    const { status } = await postWebhook(raw, signed(raw));
    assert.equal(status, 413);
  });
});

test('the provider has to repeat none of its webhooks that was answered', async () => {
  const { lead, callId } = await newCall('01');
  await callOver(callId);
  const { callControlId } = await legTo(lead.phone);
  const mine = async () => {
    const { deliveries } = await sim('GET', 'webhooks');
    return deliveries.filter((one) => one.callControlId === callControlId);
  };

  await eventually(async () => (await mine()).every(({ status }) => status === 'delivered'), 'all are delivered');
  const deliveries = await mine();
  assert.deepEqual(deliveries.map(({ event }) => event), ['call.initiated', 'call.hangup']);
  for (const { id, attempts } of deliveries) {
    /* Where this machine paused for longer than the provider waits, there was no answer. */
    const answers = attempts.filter(({ error }) => error !== 'no answer in time');
    assert.deepEqual(answers.map(({ status }) => status), [200]);
    const [{ processed_at: processedAt }] = await webhookRows(id);
    assert.ok(processedAt);
  }
});
