/*
 * driver.mjs - the demo driver as a program
 *
 *   VALS_URL=http://127.0.0.1:8080 VALS_AGENT_KEY=vals_... node driver.mjs
 *
 * Keeps three to five simulated calls alive through the API, as a voice agent
 * would, until SIGTERM; it then ends its calls and exits within 3 s.
 * VALS_DEMO_SEED (an integer) gives other conversations.  One log line a call.
 */
import { Demo } from './demo.mjs';

const SEED = 20_250_101;

const { VALS_URL: url, VALS_AGENT_KEY: key, VALS_DEMO_SEED: seedText = String(SEED) } = process.env;
const seed = Number(seedText);

if (!url || !key || !Number.isInteger(seed)) {
  process.stderr.write('demo: VALS_URL and VALS_AGENT_KEY must be set, and VALS_DEMO_SEED be an integer\n');
  process.exit(2);
}

const demo = new Demo({ url, key, seed, log: (line) => process.stdout.write(`level=info ${line}\n`) });
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => demo.stop());
await demo.run();
process.exit(0);
