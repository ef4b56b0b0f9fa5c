/*
 * link.mjs - a line that can be cut, clients on it, and daemons that can be killed
 *
 * A Link is a port of its own that leads to nginx. cut() ends every connection through it at
 * once, as a lost network does it; while it is down nobody gets through.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { baseUrl, eventually, need } from '../api/support.mjs';
import { POLLING, knock, open, sleep } from './support.mjs';

const links = new Set();

after(() => {
  for (const link of links) link.close();
});

export class Link {
  #pairs = new Set();
  #server;
  #left = Infinity;
  isDown = false;
  cuts = 0;

  static async open() {
    const link = new Link();
    const { hostname, port } = new URL(baseUrl);
    link.#server = createServer((near) => {
      if (link.isDown) {
        near.destroy();
        return;
      }
      const far = connect(Number(port), hostname);
      const pair = [near, far];
      link.#pairs.add(pair);
      const end = () => {
        link.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      for (const socket of pair) {
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', end);
      }
      near.pipe(far);
      far.pipe(near);
      far.on('data', ({ length }) => link.#pass(length));
    });
    await new Promise((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    links.add(link);
    return link;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /* Cut as soon as so many more bytes have come from nginx. */
  cutAfter(bytes) {
    this.#left = bytes;
  }

  #pass(bytes) {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = Infinity;
    this.cut();
  }

  cut() {
    this.cuts += 1;
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  close() {
    this.isDown = true;
    this.cut();
    this.#server.close();
    links.delete(this);
  }
}

/* A stock client on a link: {socket, link, visits}; each connect is noted as a visit. */
export async function linked({ url, ...options }) {
  const link = url ? null : await Link.open();
  const socket = open({ url: url ?? link.url, reconnectionDelay: 20, reconnectionDelayMax: 300, ...options });
  const visits = [];
  socket.on('connect', () => visits.push({ recovered: socket.recovered, id: socket.id, pid: socket._pid, node: nodeOf(socket) }));
  socket.connect();
  await eventually(() => visits.length > 0, 'the first connect', 60_000);
  return { socket, link, visits };
}

/* The daemon a client is at: its number stands in front of the session id. */
export const nodeOf = (socket) => Number(/^(\d+)-/.exec(socket.io.engine.id)[1]);

/* The numbers n of the events with this mark, as they came. */
export const heardNumbers = (socket, mark) => socket.heard.filter(({ data }) => data?.leadId === mark).map(({ data }) => data.n);

/* Every event once and in order: the whole promise. */
export function expectWhole(socket, mark, total, what = '') {
  assert.deepEqual(heardNumbers(socket, mark), Array.from({ length: total }, (_, i) => i + 1), what);
}

/* Wait for the last event of a mark, and hold all against the promise. */
export async function hearsWhole(socket, mark, total, timeoutMs = 60_000) {
  await eventually(() => heardNumbers(socket, mark).at(-1) === total, `event ${total} is heard`, timeoutMs).catch((error) => {
    throw new Error(`${error.message}; heard ${heardNumbers(socket, mark).length}, last ${heardNumbers(socket, mark).at(-1)}`);
  });
  expectWhole(socket, mark, total);
}

/* ---- a crowd ---- */

const PER_PROCESS = 100;

/*
 * Stock clients, straight to nginx, in processes of their own so that this one has its hands free
 * (crowd.mjs). ask() gives, of each client, {heard, faults, reasons, connects, recoveries, isIn}.
 */
class Crowd {
  #children;

  constructor(count, mark, options) {
    this.#children = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, i) => {
      const size = Math.min(PER_PROCESS, count - i * PER_PROCESS);
      return fork(fileURLToPath(new URL('crowd.mjs', import.meta.url)), [JSON.stringify({ size, mark, options })]);
    });
    after(() => this.leave());
  }

  async ask() {
    const answers = this.#children.map(async (child) => {
      child.send('how are you?');
      const [answer] = await once(child, 'message');
      return answer;
    });
    return (await Promise.all(answers)).flat();
  }

  leave() {
    for (const child of this.#children) child.kill();
    this.#children = [];
  }
}

export async function crowd(count, { mark, ...options }) {
  const here = new Crowd(count, mark, options);
  await eventually(async () => (await here.ask()).every(({ connects }) => connects > 0), 'all are in', 60_000);
  return here;
}

/*
 * Wait until all have heard the last event, however long a busy machine takes, but not if for stillMs
 * none of them gets any further; every one of them heard each once, in order. Returns what became of them.
 */
export async function expectWholeCrowd(here, total, stillMs = 60_000) {
  let clients = [];
  let before = -1;
  const sum = () => clients.reduce((heard, client) => heard + client.heard, 0);
  const behind = () => clients.filter(({ heard }) => heard < total);
  const getOn = async () => {
    clients = await here.ask();
    return sum() > before || behind().length === 0;
  };
  do {
    before = sum();
    await eventually(getOn, 'all have heard the last event', stillMs).catch((error) => {
      throw new Error(`${error.message}: ${behind().length} have not, the first of them: ${JSON.stringify(behind()[0])}`);
    });
    await sleep(100);
  } while (behind().length > 0);
  here.leave();
  assert.deepEqual(clients.flatMap(({ faults }) => faults), []);
  return clients;
}

/* ---- the daemons ---- */

const programOf = (node) => (node === 0 ? 'vals-ws' : `vals-ws-${node + 1}`);

export async function daemonPid(node) {
  return Number(await readFile(join(need('VALS_STATE'), 'run', `${programOf(node)}.pid`), 'utf8'));
}

/* Send a signal to a daemon; resolves when ./dev has another one running in its place. */
export async function signalDaemon(node, signal) {
  const old = await daemonPid(node);
  process.kill(old, signal);
  await eventually(async () => (await daemonPid(node)) !== old && isServing(node), `daemon ${node} serves again`, 60_000);
}

/* Whether a daemon answers; its door is beside the first one's. */
export async function isServing(node) {
  const first = need('VALS_WS_SOCKET');
  const door = node === 0 ? first : first.replace(/ws\.sock$/, `ws-${node + 1}.sock`);
  const answer = await knock('GET', POLLING, { door }).catch((error) => error);
  return answer.status === 200;
}

/* The numbers of the daemons of this stack. */
export async function daemons() {
  const nodes = [];
  for (;;) {
    try {
      await daemonPid(nodes.length);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      return nodes;
    }
    nodes.push(nodes.length);
  }
}
