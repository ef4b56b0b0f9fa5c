/*
 * proc.mjs - processor time of the programs that answer, from /proc
 *
 * A worker that ends takes its time with it to its parent's count of dead children, so that is added.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const TICK_US = 10_000;	/* of /proc/PID/stat: USER_HZ is 100 on every Linux */
const UTIME = 11;	/* fields after the name, which may hold blanks */
const CSTIME = 14;

function fieldsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/* Microseconds of user and system time a program of the stack and its workers have used so far. */
export function cpuOf(state, program) {
  const pid = Number(readFileSync(join(state, 'run', `${program}.pid`), 'utf8'));
  const parent = fieldsOf(pid);
  if (!parent) throw new Error(`${program} does not run`);
  const workers = childrenOf(pid).map(fieldsOf).filter(Boolean);
  return TICK_US * (sum(parent.slice(UTIME, CSTIME + 1)) + sum(workers.map((fields) => fields[UTIME] + fields[UTIME + 1])));
}
