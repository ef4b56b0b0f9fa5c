/* Sequences of the provider's events end as they should, however they are delivered. */
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { seededRandom } from '../telnyx-sim/random.mjs';
import { play } from './sequence.mjs';
import { killWorker, noRunner, signalRunner } from './support.mjs';

const IS_LONG = process.env.VALS_TEST_LONG === '1';

const read = (name) => JSON.parse(readFileSync(new URL(`./sequences/${name}.json`, import.meta.url), 'utf8'));

const sequences = ['lead', 'transfer', 'disorder'].flatMap(read);

const SEEDS = IS_LONG ? [1, 2, 3, 4, 5] : [1];

/* Kevin is one, and the system under test is one when it is killed. */
const isAlone = ({ steps }) => steps.some((step) => step.do === 'transfer');

/* As many calls as may be started at once: each waits for its dial. */
const AT_ONCE = 4;

/* One test for each sequence; those without Kevin several at once. */
function each(title, playOne) {
  describe(title, { concurrency: AT_ONCE }, () => {
    for (const sequence of sequences.filter((one) => !isAlone(one)))
      test(`${sequence.id}: ${sequence.title}`, () => playOne(sequence));
  });
  describe(`${title}, with Kevin`, () => {
    for (const sequence of sequences.filter(isAlone)) test(`${sequence.id}: ${sequence.title}`, () => playOne(sequence));
  });
}

each('delivered once', (sequence) => play(sequence));

each('delivered twice at once', (sequence) => play(sequence, { copies: 2 }));

for (const seed of SEEDS)
  each(`shuffled (${seed})`, (sequence) => play(sequence, { random: seededRandom(seed + sequence.id.length) }));

const PROGRAMS = { 'vals-runner': () => signalRunner('SIGKILL'), 'a worker of vals-api': killWorker };

/* Each program after each step; in the short run one of them after one step. */
function* killings() {
  const programs = Object.entries(PROGRAMS);
  for (const [number, sequence] of sequences.entries())
    for (let step = 1; step <= sequence.steps.length; step++)
      for (const [index, [program, kill]] of programs.entries())
        if (IS_LONG || (number % programs.length === index && step === 1 + ((7 * number) % sequence.steps.length)))
          yield { sequence, step, program, kill };
}

const playKilling = (sequence, kill, isKilledAfter) =>
  play(sequence, { isWorkerKilled: kill === killWorker, onStep: (step) => (isKilledAfter(step) ? kill() : undefined) });

describe('killed', { skip: noRunner() }, () => {
  for (const { sequence, step, program, kill } of killings())
    test(`${program} after step ${step} of ${sequence.id}`, () => playKilling(sequence, kill, (now) => now === step));

  /* In one story again and again: a program that has just started is killed before it has done much. */
  if (IS_LONG)
    for (const [program, kill] of Object.entries(PROGRAMS))
      for (const sequence of sequences)
        test(`${program} after every step of ${sequence.id}`, () => playKilling(sequence, kill, () => true));
});
