/*
 * A transfer in which a program dies at a chosen place: afterwards everything is as
 * if it had not.  Needs programs built with --enable-failpoints, as ./dev test has them.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { play } from './sequence.mjs';
import { hasFailpoints, noRunner, withEnvironment } from './support.mjs';

const IS_LONG = process.env.VALS_TEST_LONG === '1';

const sequences = JSON.parse(readFileSync(new URL('./sequences/transfer.json', import.meta.url), 'utf8'));
const success = sequences.find(({ id }) => id === 'transfer_success');

/* The places, whose program it is, and how often it is passed in a transfer that succeeds. */
const PLACES = [
  ['runner_after_take', 'vals-runner', 6],
  ['runner_before_send', 'vals-runner', 8],
  ['runner_after_send', 'vals-runner', 8],
  ['runner_after_answer', 'vals-runner', 8],
  ['runner_after_store', 'vals-runner', 8],
  ['webhook_before_statement', 'vals-api', 15],
  ['webhook_after_commit', 'vals-api', 15],
];

/* The passes to die at: all, or one that differs from place to place. */
function passesOf(place, count) {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  return IS_LONG ? all : [all[(3 * place + 2) % count]];
}

/* Who dies leaves this file, and nobody dies who finds it; every program may make it. */
function deathNote() {
  const folder = mkdtempSync(join(tmpdir(), 'vals-failpoint.'));
  chmodSync(folder, 0o777);
  return { folder, file: join(folder, 'died') };
}

/* Every worker counts its own passes, and of several nobody knows who will be asked: there is one. */
const ALONE = { API_WORKERS: '1' };

async function playWithDeath(place, nth, program) {
  const { folder, file } = deathNote();
  try {
    await withEnvironment(program, { VALS_FAILPOINT: `${place}:${nth}`, VALS_FAILPOINT_ONCE: file, ...ALONE }, async () => {
      await play(success);
      assert.ok(existsSync(file), `nobody died at ${place}:${nth}`);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const noFailpoints = () => noRunner() || (!hasFailpoints() && 'needs --enable-failpoints');

describe('a transfer succeeds although', { skip: noFailpoints() }, () => {
  for (const [number, [place, program, count]] of PLACES.entries())
    for (const nth of passesOf(number, count))
      test(`${program} dies at ${place}:${nth}`, () => playWithDeath(place, nth, program));
});
