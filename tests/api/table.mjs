/*
 * table.mjs - routes x (happy path, documented errors, roles), from the record of the API tests
 *
 *	node table.mjs SEEN.NDJSON
 *
 * TAP, one point per route: it fails if no test ever saw the route succeed, if a documented error was never seen,
 * or if a role that may not was let in. The table stands in the comments.
 */
import { readFileSync } from 'node:fs';
import { operations, resolve } from './openapi.mjs';

const ROLES = ['nobody', 'admin', 'kevin', 'operator', 'analyst', 'agent'];

/* Where every role may, only a token of a role that does not exist is refused. */
const EVERYBODY = 5;

/* What nobody can bring about from outside, or what would spoil the other tests. */
const UNREACHABLE = new Set([429, 500, 503]);

const seen = readFileSync(process.argv[2], 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/* Codes which say that the rule refused, or was not reached. */
const BEFORE_OR_BY_THE_RULE = new Set(['FORBIDDEN', 'SCOPE', 'REPEATED_HEADER']);

/* The documented errors of a route: [{status, code}], code undefined for one without. */
const errorsOf = ({ responses, 'x-roles': roles }) =>
  Object.entries(responses)
    .filter(([status]) => status >= 400 && !UNREACHABLE.has(Number(status)))
    .flatMap(([status, node]) => {
      const media = Object.values(resolve(node).content ?? {});
      const codes = media
        .flatMap(({ examples }) => Object.keys(examples ?? {}))
        .filter((code) => /^[A-Z_]+$/.test(code))
        .filter((code) => code !== 'FORBIDDEN' || roles.length < EVERYBODY);
      return codes.map((code) => ({ status: Number(status), code }));
    });

/* + let in, - refused, . never tried. */
function roleMark(rows, role) {
  const own = rows.filter((row) => row.role === role);
  if (own.some(({ status, code }) => status !== 401 && !BEFORE_OR_BY_THE_RULE.has(code))) return '+';
  return own.length > 0 ? '-' : '.';
}

/* A role the document does not name must never be let in. */
function intruders(operation, rows) {
  const may = operation['x-roles'];
  if (may.includes('open') || may.includes('signature')) return [];
  return ROLES.filter((role) => !may.includes(role) && roleMark(rows, role) === '+');
}

function summary(operation) {
  const rows = seen.filter(({ route }) => route === operation.route);
  const errors = errorsOf(operation);
  const isSeen = ({ status, code }) => rows.some((row) => row.status === status && row.code === code);
  return {
    operation,
    times: rows.reduce((sum, row) => sum + row.times, 0),
    happy: rows.find(({ status }) => status < 400)?.status,
    errors: errors.filter(isSeen).length,
    documented: errors.length,
    unseen: errors.filter((error) => !isSeen(error)).map(({ status, code }) => `${status} ${code}`),
    marks: ROLES.map((role) => roleMark(rows, role)).join('        '),
    intruders: intruders(operation, rows),
  };
}

/* What is wrong with a route, "" if nothing. */
function wrongWith({ happy, unseen, intruders: wrong }) {
  if (!happy) return ': never seen to succeed';
  if (wrong.length > 0) return `: let in ${wrong.join(', ')}`;
  return unseen.length > 0 ? `: never seen: ${unseen.join(', ')}` : '';
}

const column = (text, width) => String(text).padEnd(width);
const lines = operations.map(summary);

console.log(`1..${lines.length}`);
lines.forEach((line, i) => {
  const reason = wrongWith(line);
  console.log(`${reason ? 'not ok' : 'ok'} ${i + 1} - ${line.operation.route}${reason}`);
});

console.log(
  `# ${column('route', 36)}${column('seen', 7)}${column('success', 9)}${column('errors', 9)}${ROLES.map((role) => column(role, 9)).join('')}`,
);
for (const { operation, times, happy, errors, documented, marks } of lines)
  console.log(
    `# ${column(operation.route, 36)}${column(times, 7)}${column(happy ?? '-', 9)}${column(`${errors}/${documented}`, 9)}${marks}`,
  );
console.log('# roles: + let in, - refused, . not tried; errors: documented ones seen, without 429, 500 and 503');
const sum = (name) => lines.reduce((total, line) => total + line[name], 0);
console.log(
  `# ${lines.length} routes, ${sum('times')} answers held against the document, ${sum('errors')} of ${sum('documented')} documented errors seen`,
);
