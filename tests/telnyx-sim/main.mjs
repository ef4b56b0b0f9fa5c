/*
 * main.mjs - the stand-in as a program; see README.md
 */
import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { DEFAULT_SCENARIO, Scenario } from './scenario.mjs';
import { keptSeed, randomSeed, readSeed, Signer } from './signing.mjs';
import { startSimulator } from './simulator.mjs';

const USAGE = `usage: node main.mjs [--listen ADDRESS] [--port N] [--scenario FILE]
                     [--time-scale X] [--log-max N] [--seed HEX-OR-FILE | --key-file FILE]
       node main.mjs --print-public-key --key-file FILE
`;

const OPTIONS = {
  listen: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  scenario: { type: 'string' },
  'time-scale': { type: 'string', default: '1' },
  'log-max': { type: 'string', default: '10000' },
  seed: { type: 'string' },
  'key-file': { type: 'string' },
  'print-public-key': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function number(text, name, isValid) {
  const value = Number(text);
  if (text.trim() === '' || !isValid(value)) throw new Error(`--${name}: not a usable number: ${text}`);
  return value;
}

function seedFrom(options) {
  if (options.seed && options['key-file']) throw new Error('--seed and --key-file exclude each other');
  if (options.seed) return readSeed(options.seed);
  return options['key-file'] ? keptSeed(options['key-file']) : randomSeed();
}

async function run(options) {
  const seed = seedFrom(options);
  if (options['print-public-key']) {
    process.stdout.write(`${new Signer(seed).publicKey}\n`);
    return;
  }
  const sim = await startSimulator({
    host: options.listen,
    port: number(options.port, 'port', (n) => Number.isInteger(n) && n >= 0 && n <= 65_535),
    timeScale: number(options['time-scale'], 'time-scale', (n) => n > 0 && Number.isFinite(n)),
    logMax: number(options['log-max'], 'log-max', (n) => Number.isInteger(n) && n > 0),
    scenario: new Scenario(JSON.parse(readFileSync(options.scenario ?? DEFAULT_SCENARIO, 'utf8'))),
    seed,
  });
  process.stdout.write(`listening ${sim.port}\npublic-key ${sim.signer.publicKey}\n`);

  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, async () => {
      await sim.stop();
      process.exit(0);
    });
}

try {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) process.stdout.write(USAGE);
  else await run(values);
} catch (error) {
  process.stderr.write(`telnyx-sim: ${error.message}\n${error.code?.startsWith?.('ERR_PARSE_ARGS') ? USAGE : ''}`);
  process.exitCode = 2;
}
