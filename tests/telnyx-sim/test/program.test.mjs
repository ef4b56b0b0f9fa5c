/* The program: what it prints, its key file, how it ends; and its small parts. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, reduceDescription } from '../reduce-schema.mjs';
import { Ring } from '../ring.mjs';

const MAIN = fileURLToPath(new URL('../main.mjs', import.meta.url));

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'telnyx-sim-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/* Start the program; its output up to and with the public key. */
async function startProgram(t, ...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += chunk;
    if (/public-key .*\n/.test(output)) break;
  }
  return { child, output };
}

test('it_prints_port_and_key_serves_and_ends_at_SIGTERM', async (t) => {
  const keyFile = join(folder(t), 'key');
  const { child, output } = await startProgram(t, '--key-file', keyFile, '--time-scale', '20');
  const [, port, key] = /^listening (\d+)\npublic-key ([A-Za-z0-9+/]{43}=)\n$/.exec(output);

  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  const root = await (await fetch(`http://127.0.0.1:${port}/_sim/`)).json();
  assert.equal(root.publicKey, key);
  const printed = spawnSync(process.execPath, [MAIN, '--print-public-key', '--key-file', keyFile]);
  assert.equal(printed.stdout.toString(), `${key}\n`);

  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('print_public_key_makes_the_key_file_if_there_is_none', (t) => {
  const keyFile = join(folder(t), 'key');
  const print = () => spawnSync(process.execPath, [MAIN, '--print-public-key', '--key-file', keyFile]).stdout + '';
  const first = print();
  assert.match(first, /^[A-Za-z0-9+/]{43}=\n$/);
  assert.equal(print(), first);
});

test('wrong_use_is_refused_with_a_reason', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'bad'), 'no seed');
  writeFileSync(join(path, 'scenario'), '{"rules":[{}]}');
  for (const [args, reason] of [
    [['--port', 'x'], /--port/],
    [['--time-scale', '0'], /--time-scale/],
    [['--seed', join(path, 'bad')], /not a seed/],
    [['--scenario', join(path, 'scenario')], /result/],
    [['--nonsense'], /usage/],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { timeout: 60_000 });
    assert.equal(status, 2);
    assert.match(stderr.toString(), reason);
  }
});

test('a_log_keeps_the_newest', () => {
  const ring = new Ring(3);
  for (let i = 1; i <= 5; i++) ring.add({ i });
  assert.deepEqual(ring.list().map(({ i }) => i), [3, 4, 5]);
  assert.deepEqual(ring.list(4).map(({ number }) => number), [5]);
});

test('the_reduced_description_holds_no_prose_and_no_unused_part', () => {
  const reduced = reduceDescription({
    paths: {
      '/things': {
        post: {
          operationId: 'MakeThing',
          description: 'words',
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
          responses: {},
        },
      },
    },
    components: {
      schemas: {
        Thing: {
          type: 'object',
          title: 'words',
          required: ['description'],
          properties: { description: { type: 'string', description: 'words', example: 'x', 'x-y': 1, maxLength: 3 } },
        },
        Unused: { type: 'string' },
      },
    },
  });
  assert.deepEqual(JSON.parse(format(reduced)), {
    operations: { MakeThing: { method: 'POST', path: '/things', body: { $ref: '#/definitions/Thing' } } },
    events: {},
    definitions: {
      Thing: {
        type: 'object',
        required: ['description'],
        properties: { description: { type: 'string', maxLength: 3 } },
      },
    },
  });
});

test('the_committed_description_is_reduced', () => {
  const text = readFileSync(new URL('../schema.json', import.meta.url), 'utf8');
  const prose = ['"description":"', '"summary":', '"example":', '"title":"', '"x-'].filter((key) => text.includes(key));
  assert.deepEqual(prose, []);
  assert.equal(Object.keys(JSON.parse(text).operations).length, 46);
});
