/* Signature vectors over real HTTP, through nginx, against the key they were made with. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { FACTS, requestOf } from './vectors/vectors.mjs';
import { configureApi, eventually, noStack, restoreApi, sleep, webhookRows } from './support.mjs';

/* Tolerated age of a webhook; vectors near it are judged in the second in which they were made. */
const TOLERANCE_S = 300;

const isNearTheLimit = ({ age = 0 }) => Math.abs(age) >= TOLERANCE_S;

/*
 * The status of a POST of exactly these bytes: a client library would not send
 * what some of the headers hold.
 */
async function post(body, headers) {
  const { hostname, port } = new URL(process.env.VALS_URL);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const chunks = [];

  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(
    `POST /api/webhooks/telnyx HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n`,
  );
  socket.write(body);
  await once(socket, 'close');
  const [head, ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), text: rest.join('') };
}

/* Timers may be a little early. */
async function beginningOfASecond() {
  await sleep(1020 - (Date.now() % 1000));
}

const plain = { name: 'plain' };

const nowS = () => Math.floor(Date.now() / 1000);

/* The API verifies with this key from here on. */
async function configure(key) {
  const accepted = key === FACTS.publicKey ? 200 : 401;
  await configureApi({ telnyx_public_key: key });
  await eventually(async () => {
    const { body, headers } = requestOf(plain, nowS());
    return (await post(body, headers)).status === accepted;
  }, 'the new key is in use');
}

const idOfFirst = randomUUID();

/* The request of a vector and its answer: {id, status, text}. */
async function ask(vector) {
  const { id, body, headers } = requestOf(vector, nowS(), vector.body === 'repeated' ? idOfFirst : undefined);
  return { id, ...(await post(body, headers)) };
}

/* The same for one whose status the next second may change: again, if it began meanwhile. */
const askWithinASecond = (vector) =>
  eventually(async () => {
    await beginningOfASecond();
    const second = nowS();
    const answer = await ask(vector);
    return nowS() === second && answer;
  }, 'it was answered within its second');

async function assertVector(vector) {
  const { id, status, text } = await (isNearTheLimit(vector) ? askWithinASecond : ask)(vector);
  assert.equal(status, vector.status);
  if (status === 401) assert.equal(text.replace(/^0\r\n/, '').trim(), '');
  assert.equal((await webhookRows(id)).length, vector.rows ?? 0);
}

describe('a webhook', { skip: noStack() }, () => {
  before(() => configure(FACTS.publicKey));
  after(restoreApi);

  test('there are 44 vectors', () => assert.equal(FACTS.vectors.length, 44));

  test('of the first event is taken in', async () => {
    const { body, headers } = requestOf(plain, nowS(), idOfFirst);
    assert.equal((await post(body, headers)).status, 200);
  });

  for (const vector of FACTS.vectors.filter(({ configured }) => configured === undefined))
    test(`with ${vector.name} is ${vector.status}`, () => assertVector(vector));

  for (const vector of FACTS.vectors.filter(({ configured }) => configured !== undefined))
    test(`with ${vector.name} is ${vector.status}`, async () => {
      await configure(vector.configured === 'other' ? FACTS.otherPublicKey : vector.configured);
      await assertVector(vector);
    });
});
