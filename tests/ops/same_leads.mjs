/*
 * same_leads.mjs - whether two exports in NDJSON are of the same leads
 *
 *	node same_leads.mjs A.ndjson B.ndjson
 *
 * Compared is every field an import takes, with its type. Prints how many leads were the same, and the first that were not.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/* What each system sets for itself. */
const OWN = ['id', 'createdAt', 'updatedAt', 'createdBy', 'updatedBy', 'lastCall', 'version'];

function leadsOf(file) {
  const leads = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  for (const lead of leads) for (const name of OWN) delete lead[name];
  return leads.sort((a, b) => (a.phone < b.phone ? -1 : 1));
}

const [a, b] = process.argv.slice(2).map(leadsOf);
assert.equal(a.length, b.length);
a.forEach((lead, i) => assert.deepEqual(b[i], lead));
console.log(`${a.length} same`);
