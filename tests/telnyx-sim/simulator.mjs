/*
 * simulator.mjs - the stand-in as one object with an HTTP server
 *
 *   const sim = await startSimulator({ scenario, seed, timeScale, port });
 *   sim.url, sim.signer.publicKey
 *   await sim.stop();
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Account } from './account.mjs';
import { Clock, timestamp } from './clock.mjs';
import { CommandMemory } from './commands.mjs';
import { Contract } from './contract.mjs';
import { controlAnswer, isControlPath, isPage } from './control.mjs';
import { Refusal, refusal } from './errors.mjs';
import { Faults } from './faults.mjs';
import { LOGGED_MAX, Provider } from './provider.mjs';
import { seededRandom } from './random.mjs';
import { FILES_PREFIX } from './recordings.mjs';
import { LOG_MAX, Ring } from './ring.mjs';
import { Scenario } from './scenario.mjs';
import { randomSeed, Signer } from './signing.mjs';
import { WebhookQueue } from './webhooks.mjs';

const BODY_MAX = 1024 * 1024;

const PAGE_FILE = new URL('./page.html', import.meta.url);

/*
 * The whole body, or a TOO_LARGE refusal.  What is too much is read and thrown
 * away: leaving it unread would close the connection before the answer.
 */
async function readBody(incoming) {
  const chunks = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length <= BODY_MAX) chunks.push(chunk);
  }
  if (length > BODY_MAX) throw refusal('TOO_LARGE', `The body may have ${BODY_MAX} bytes.`);
  return Buffer.concat(chunks);
}

/* body: bytes are sent as they are, anything else as JSON. */
function send(outgoing, { status, body, headers = {} }) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? {}));
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  outgoing.end(bytes);
}

/* The page that shows the stand-in at work. */
const page = () => ({
  status: 200,
  body: readFileSync(PAGE_FILE),
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'self' 'unsafe-inline'; img-src data:",
  },
});

class Simulator {
  #server;
  #clock;
  #commands;
  #provider;
  #firstScenario;

  constructor({ scenario = Scenario.read(), seed = randomSeed(), timeScale = 1, logMax = LOG_MAX }) {
    this.timeScale = timeScale;
    this.#firstScenario = scenario;
    this.#clock = new Clock(timeScale);
    this.#commands = new CommandMemory(() => this.account.scenario.commandWindowMs);
    this.signer = new Signer(seed);
    this.requests = new Ring(logMax);
    this.faults = new Faults();
    this.webhooks = new WebhookQueue({
      signer: this.signer,
      settings: () => this.account.scenario.webhooks,
      random: seededRandom(scenario.source.seed ?? 1),
      logMax,
    });
    this.account = new Account({ scenario, clock: this.#clock, webhooks: this.webhooks, logMax });
    this.#provider = new Provider({
      account: this.account,
      contract: new Contract(),
      commands: this.#commands,
    });
    this.#server = createServer((incoming, outgoing) => this.#serve(incoming, outgoing));
  }

  async listen(port, host) {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    this.port = this.#server.address().port;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
    this.account.recordings.address = this.url;
    return this;
  }

  /* Back to the state of the start; nobody is told about the calls that vanish. */
  reset() {
    this.account.clear();
    this.#clock.cancelAll();
    this.#commands.clear();
    this.webhooks.clear();
    this.requests.clear();
    this.faults.clear();
    this.account.scenario = new Scenario(this.#firstScenario.source);
  }

  async stop() {
    this.reset();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming, outgoing) {
    const { method, headers } = incoming;
    const { pathname: path, searchParams } = new URL(incoming.url, 'http://simulator');

    try {
      const raw = await readBody(incoming);
      const request = { method, path, searchParams, headers, raw };
      if (isPage(request)) send(outgoing, page());
      else if (path.startsWith(FILES_PREFIX)) send(outgoing, this.account.recordings.file(path, searchParams));
      else if (isControlPath(path)) send(outgoing, controlAnswer(this, request));
      else await this.#serveProvider(request, incoming, outgoing);
    } catch (error) {
      if (incoming.socket.destroyed) return;
      if (!(error instanceof Refusal)) process.stderr.write(`telnyx-sim: ${error.stack}\n`);
      const shown = error instanceof Refusal ? error : refusal('INTERNAL', 'Internal server error');
      send(outgoing, shown);
    }
  }

  /* A request to the provider, with the fault it meets, and its log entry. */
  async #serveProvider(request, incoming, outgoing) {
    const started = performance.now();
    const effect = this.faults.take(request);
    const trace = this.requests.add({
      at: timestamp(),
      method: request.method,
      path: request.path,
      operation: null,
      body: request.raw.toString('utf8', 0, LOGGED_MAX),
      isRepeat: false,
      refusals: [],
      faultId: effect.id ?? null,
      status: null,
      durationMs: null,
    });

    if (effect.delayBeforeMs) await sleep(effect.delayBeforeMs);
    if (effect.resetBeforeExecuting) return incoming.socket.resetAndDestroy();
    const real = effect.execute ? this.#execute(request, trace) : undefined;
    if (effect.delayMs) await sleep(effect.delayMs);
    trace.durationMs = Math.round(performance.now() - started);
    if (effect.resetAfterExecuting) return incoming.socket.resetAndDestroy();

    const answer = effect.status === undefined ? real : effect;
    trace.status = answer.status;
    return send(outgoing, answer);
  }

  #execute(request, trace) {
    try {
      return this.#provider.answer(request, trace);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      trace.refusals = error.problems.map(({ name, pointer }) => ({ name, pointer }));
      return error;
    }
  }
}

/*
 * Start a stand-in.  All optional: scenario (a Scenario), seed (32 bytes of
 * signing key), timeScale (telephone seconds per second), logMax (entries each
 * log keeps), port (0 = any), host.
 */
export function startSimulator({ port = 0, host = '127.0.0.1', ...options } = {}) {
  return new Simulator(options).listen(port, host);
}
