/* What each daemon tells the operator about itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../api/support.mjs';
import { counters, emitMany, enterAs, lastSeq } from './support.mjs';

const NAMES = ['connections', 'connectsRefused', 'eventLagMs', 'eventsNumbered', 'eventsRead', 'eventsReplayed', 'expired', 'feedReconnects', 'lastSeq', 'messagesReceived',
  'messagesSent', 'pid', 'pingTimeouts', 'protocolErrors', 'queueDrops', 'queuedBytes', 'recoveries', 'recoveriesRefused', 'revoked', 'sessionsOpened', 'sessionsPolling', 'sessionsRefused',
  'sessionsWebsocket', 'sockets', 'socketsFenced', 'upgrades'];

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

test('every daemon reports its counters, and exactly one is the relay', async () => {
  const rows = await eventually(async () => {
    const all = await counters();
    return all.filter(({ isRelay }) => isRelay).length === 1 && all;
  }, 'one relay reports');
  for (const row of rows) {
    assert.deepEqual(Object.keys(row).sort(), [...NAMES, 'isRelay'].sort());
    for (const name of NAMES) assert.ok(Number.isInteger(row[name]) && row[name] >= 0, name);
  }
});

test('sockets are counted by their transport, and events as they are read', async () => {
  const before = await eventually(async () => (await counters())[0] && counters(), 'counters are written');
  await Promise.all(['websocket', 'websocket', 'polling'].map((transport) => enterAs('operator', { transports: [transport] })));
  await emitMany(10);
  await eventually(async () => {
    const now = await counters();
    return sum(now, 'sockets') >= 3 && sum(now, 'sessionsPolling') >= 1 && sum(now, 'sessionsWebsocket') >= 2 &&
      sum(now, 'sessionsOpened') >= sum(before, 'sessionsOpened') + 3 && sum(now, 'eventsRead') >= sum(before, 'eventsRead') + 10;
  }, 'they are counted');
  assert.ok(sum(await counters(), 'lastSeq') >= 10);
  assert.ok((await lastSeq()) >= 10);
});
