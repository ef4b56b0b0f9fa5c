/* A daemon of our own beside the stack's: how it stops, and what it does without a database. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counters, knock, POLLING } from './support.mjs';
import { eventually } from '../api/support.mjs';

describe('the daemon', () => {
  test('reports its counters every few seconds, and exactly one is the relay', async () => {
    const all = await eventually(async () => {
      const rows = await counters();
      return rows.length > 0 && rows;
    }, 'counters are written');
    assert.equal(all.filter(({ isRelay }) => isRelay).length, 1);
    for (const row of all)
      for (const name of ['sessionsPolling', 'sessionsWebsocket', 'sockets', 'messagesSent', 'queueDrops', 'eventLagMs', 'lastSeq', 'pid'])
        assert.ok(Number.isInteger(row[name]), name);
  });

  test('answers while it reports', async () => {
    assert.equal((await knock('GET', POLLING)).status, 200);
  });
});
