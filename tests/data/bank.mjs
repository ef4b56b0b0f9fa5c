/*
 * bank.mjs - a real list of leads: attributes of people who were called, under invented names
 *
 *	node bank.mjs >leads.csv
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FIRST = ['Ada', 'Bruno', 'Célia', 'Diogo', 'Eva', 'Filipe', 'Graça', 'Hugo', 'Inês', 'João', 'Lara', 'Miguel', 'Noémia'];
const LAST = ['Almeida', 'Brandão', 'Castro', 'Dias', "D'Eça", 'Esteves', 'Faria', 'Gomes', 'Henriques', 'Lobo-Pires', 'Moura'];

/* A number, a switch or a text, as the file means it. */
function valueOf(text) {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/* 555-0100 to 555-0199 belong to nobody, in any area. */
const phoneOf = (i) => `+1${201 + Math.floor(i / 100)}55501${String(i % 100).padStart(2, '0')}`;

export function bankLeads() {
  const packed = readFileSync(new URL('bank.csv.gz', import.meta.url));
  const [names, ...rows] = gunzipSync(packed).toString().trim().split('\n').map((line) => line.split(','));
  return rows.map((row, i) => {
    const attributes = Object.fromEntries(names.map((name, at) => [name, valueOf(row[at])]));
    return {
      firstName: FIRST[i % FIRST.length],
      lastName: LAST[i % LAST.length],
      phone: phoneOf(i),
      source: `bank ${attributes.contact}`,
      customFields: attributes,
    };
  });
}

const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/* Leads as the CSV file an import takes. */
export function toCsv(leads) {
  const names = Object.keys(leads[0]);
  const lines = leads.map((lead) =>
    names.map((name) => cell(typeof lead[name] === 'object' ? JSON.stringify(lead[name]) : lead[name])).join(','),
  );
  return `${[names.join(','), ...lines].join('\r\n')}\r\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(toCsv(bankLeads()));
