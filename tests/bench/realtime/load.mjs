/*
 * load.mjs - the clients of a bench: some wsload processes, told the same things
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const PROCESSES = 2;

function start(program, address, token) {
  const child = spawn(program, [address, token], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((resolve) => child.on('close', resolve));
  return {
    say: (line) => child.stdin.write(`${line}\n`),
    async answer(word) {
      const { value, done } = await lines.next();
      if (done || !value.startsWith(word)) throw new Error(`wsload said ${done ? 'nothing' : value} where ${word} was expected`);
      return value.slice(word.length).trim();
    },
    end: () => {
      child.stdin.end();
      return gone;
    },
  };
}

/* Clients at address, a unix socket or a port of loopback. */
export function startLoad(program, address, token) {
  const parts = Array.from({ length: PROCESSES }, () => start(program, address, token));
  const ask = (line, word) =>
    Promise.all(
      parts.map((part) => {
        part.say(line);
        return part.answer(word);
      }),
    );
  const spread = async (name, count, word) => {
    await ask(`${name} ${Math.ceil(count / PROCESSES)}`, word);
  };
  return {
    open: (count) => spread('open', count, 'opened'),
    stall: (count) => spread('stall', count, 'stalled'),

    /* Have `emit` make count events; resolves when every client has all of them. */
    async hear(count, emit) {
      await ask(`hear ${count}`, 'ready');
      const heard = Promise.all(parts.map((part) => part.answer('heard')));
      await emit();
      const all = (await heard).map((text) => JSON.parse(text));
      const first = Math.min(...all.map((part) => part.first));
      const end = Math.max(...all.map((part) => part.end));
      return {
        messages: all.reduce((sum, part) => sum + part.messages, 0),
        seconds: (end - first) / 1e6,
        clientCpu: all.map((part) => part.cpu_us / 1e6),
        lastMs: Array.from({ length: count }, (_, i) => Math.max(...all.map((part) => part.last[i])) / 1000),
      };
    },

    /* Acknowledgements for one client, one after the other. */
    async echo(count) {
      parts[0].say(`echo ${count}`);
      return JSON.parse(await parts[0].answer('echoed')).us / count;
    },

    /* How many the server cut: {reading, stalled}. */
    async lost() {
      const counts = (await ask('lost', 'lost')).map((text) => text.split(' ').map(Number));
      return { reading: counts[0][0] + counts[1][0], stalled: counts[0][1] + counts[1][1] };
    },

    end: () => Promise.all(parts.map((part) => part.end())),
  };
}
