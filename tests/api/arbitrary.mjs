/*
 * arbitrary.mjs - random values from the schemas of the document, good ones and surely bad ones
 *
 * Everything is drawn from one generator with a seed, so a run can be repeated. Limits are
 * drawn more often than what lies between them, and texts are of the kind that breaks things.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from './openapi.mjs';

/* ---- chance ---- */

/* Numbers from 0 to 1 (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const randomSeed = () => randomBytes(4).readUInt32LE();

const TEXTS = [
  'Ada',
  'x',
  'Jörg Ätsch',
  '中文字符',
  '😀👩‍👩‍👧',
  'e\u0301',
  '\u202Ertl',
  "'; drop table vals.leads;--",
  '%_%',
  '\\',
  '"',
  '<b>&amp;</b>',
  '$1',
  ':name',
  '{{x}}',
  'null',
  'NaN',
  '0',
  '-1',
  'true',
  '[]',
  '\u200b',
  '\ufeffbom',
  'ß',
  'İ',
  '\u{10FFFD}',
  'ﬀ',
  '../..',
  '.*',
  '\u2028',
];
const ZONES = [
  'America/New_York',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'UTC',
  'Nowhere/Land',
  'America/New_York; drop',
  '+25:00',
  'posixrules',
];
const JSON_LEAVES = [null, true, false, 0, -1, 1e15, 0.1, '', 'text', '😀', '\u2028', []];

const TYPES = { string: 'text', number: 7.25, integer: 7, boolean: true, array: [[]], object: { a: 1 }, null: null };

/*
 * A source of values. known(name) may give a value for a member by its name, which then is
 * taken instead of a drawn one (ids of things that are there, telephone numbers).
 */
export class Arbitrary {
  constructor(seed, known = () => undefined) {
    this.next = chance(seed);
    this.known = known;
  }

  maybe(share) {
    return this.next() < share;
  }

  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  uuid() {
    const hex = Array.from({ length: 32 }, () => this.int(0, 15).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /* A text of low to high characters, one of them visible. */
  text(low, high) {
    const length = this.pick([
      low,
      Math.min(high, low + 1),
      this.int(low, Math.min(high, low + 40)),
      this.maybe(0.1) ? high : low,
    ]);
    let characters = [];
    while (characters.length < length) characters.push(...this.pick(TEXTS));
    characters = characters.slice(0, length);
    if (length > 0) characters[0] = this.pick([...'aZ7ä中']);
    /* Half of a sign beyond the first plane is no text, and blanks at the end are cut off. */
    return characters.join('').replace(/\s$/, '.');
  }

  time() {
    const day = `${this.pick([1970, 1999, 2024, 2026, 2038, 9998])}-${this.pick(['01-01', '02-28', '03-29', '06-15', '11-01', '12-31'])}`;
    if (this.maybe(0.2)) return day;
    return `${day}T${this.pick(['00:00', '02:30', '23:59'])}${this.pick(['', ':59', ':00.123456'])}${this.pick(['Z', '+05:45', '-11:00', '+14:00'])}`;
  }

  json(depth) {
    if (depth === 0 || this.maybe(0.5)) return this.pick(JSON_LEAVES);
    if (this.maybe(0.5)) return Array.from({ length: this.int(0, 4) }, () => this.json(depth - 1));
    return this.object(depth);
  }

  object(depth) {
    return Object.fromEntries(Array.from({ length: this.int(0, 5) }, () => [this.pick(TEXTS), this.json(depth - 1)]));
  }

  number(schema) {
    const low = schema.minimum ?? -1000;
    const high = schema.maximum ?? 1000;
    if (schema.type === 'integer' || schema.type?.[0] === 'integer') return this.pick([low, high, this.int(low, high)]);
    return this.pick([low, high, (low + high) / 2, low + Math.round((high - low) * this.next() * 100) / 100]);
  }

  string(schema) {
    const { pattern = '', format } = schema;
    if (format === 'uuid') return this.uuid();
    if (format === 'email') return `p${this.int(0, 1e9)}.${this.pick(['a', 'B', 'x+y', "o'neil"])}@example.com`;
    if (pattern.includes('\\d{4}-\\d{2}-\\d{2}(')) return this.time();
    if (pattern.includes('\\d{4}-\\d{2}-\\d{2}')) return this.time().slice(0, 10);
    if (pattern.includes('[0-5][0-9]'))
      return this.pick(['00:00', '09:00', '12:30', '17:00', '23:59', pattern.includes('24:00') ? '24:00' : '00:01']);
    if (pattern.includes('(?='))
      return `Aa1-${this.text(1, 20)
        .normalize('NFC')
        .replace(/[^ -~]/g, 'x')}-padding`;
    if (pattern === '^[A-Za-z]{2}$') return this.pick(['US', 'de', 'Gb', 'zz']);
    if (pattern.startsWith('^[a-z0-9]')) return this.pick(['a', 'income-gap-question', 'x_1', 'a1-b2']);
    return this.text(schema.minLength ?? 0, schema.maxLength ?? 100);
  }

  members(schema) {
    const required = new Set(schema.required ?? []);
    const names = Object.keys(schema.properties ?? {}).filter((name) => required.has(name) || this.maybe(0.35));
    if (names.length === 0 && !schema.properties) return this.object(3);
    return Object.fromEntries(
      names.map((name) => [name, this.known(name, this) ?? this.value(schema.properties[name])]),
    );
  }

  items(schema) {
    const most = Math.min(schema.maxItems ?? 5, this.maybe(0.05) ? 100 : 5);
    const list = Array.from({ length: this.int(schema.minItems ?? 0, most) }, () => this.value(schema.items));
    return schema.uniqueItems ? [...new Map(list.map((item) => [JSON.stringify(item), item])).values()] : list;
  }

  /* A value the schema takes. */
  value(node) {
    const schema = resolve(node);
    if ('const' in schema) return schema.const;
    if (schema.enum) return this.pick(schema.enum);
    const branches = schema.oneOf ?? schema.anyOf;
    if (branches) return this.value(this.pick(branches));
    const types = [schema.type].flat();
    const type = types.includes('null') && this.maybe(0.2) ? 'null' : (types.find((name) => name !== 'null') ?? 'null');
    switch (type) {
      case 'string':
        return this.string(schema);
      case 'integer':
      case 'number':
        return this.number(schema);
      case 'boolean':
        return this.maybe(0.5);
      case 'array':
        return this.items(schema);
      case 'object':
        return this.members(schema);
      default:
        return null;
    }
  }

  /* A value the schema does not take; whoever draws it checks that it is so. */
  badValue(node) {
    const schema = resolve(node);
    const ideas = [() => this.pick(Object.values(TYPES))];
    if (schema.minimum !== undefined)
      ideas.push(
        () => schema.minimum - 1,
        () => -1e308,
      );
    if (schema.maximum !== undefined)
      ideas.push(
        () => schema.maximum + 1,
        () => 1e308,
      );
    if (schema.type === 'integer') ideas.push(() => 1.5);
    if (schema.maxLength !== undefined) ideas.push(() => 'x'.repeat(schema.maxLength + 1));
    if (schema.minLength > 0) ideas.push(() => '');
    if (schema.enum)
      ideas.push(
        () => `${schema.enum[0]} `,
        () => String(schema.enum[0]).toUpperCase(),
      );
    if (schema.pattern || schema.format)
      ideas.push(
        () => 'not like that',
        () => '\u0001',
      );
    if (schema.maxItems !== undefined && schema.maxItems <= 100)
      ideas.push(() => Array.from({ length: schema.maxItems + 1 }, () => this.value(schema.items)));
    if (schema.items) ideas.push(() => [this.badValue(schema.items)]);
    if (schema.properties) ideas.push(() => this.badMembers(schema));
    return this.pick(ideas)();
  }

  /* An object with one thing wrong. */
  badMembers(schema) {
    const good = this.members(schema);
    const names = Object.keys(schema.properties);
    const kind = this.int(0, 9);
    if (kind === 0 && schema.required?.length) delete good[this.pick(schema.required)];
    else if (kind <= 1 || names.length === 0) good[this.pick(['thisIsNoField', '__proto', 'ID', ' '])] = this.json(1);
    else {
      const name = this.pick(names);
      good[name] = this.badValue(schema.properties[name]);
    }
    return good;
  }
}
