/*
 * scenario.mjs - what numbers do when they are dialled, and the provider's settings
 *
 * A scenario is data (README.md describes every field).  Here it is checked,
 * completed with defaults, and asked for the behaviour of a number.
 */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { seededRandom } from './random.mjs';
import { isWebhookUrl } from './webhooks.mjs';

export const DEFAULT_SCENARIO = new URL('./scenario.json', import.meta.url);

/* What may become of a dial, with the usual times in milliseconds. */
const RESULTS = {
  human: { ringMs: [2000, 4000], amdMs: [1000, 1800], hangUpAfterMs: null },
  machine: { ringMs: [4000, 6000], amdMs: [2200, 3200], greetingMs: [6000, 9000], hangUpAfterMs: 60_000 },
  fax: { ringMs: [3000, 5000], amdMs: [2000, 3000], hangUpAfterMs: 20_000 },
  silence: { ringMs: [2000, 4000], amdMs: [3500, 3500], hangUpAfterMs: null },
  not_sure: { ringMs: [2000, 4000], amdMs: [3500, 3500], hangUpAfterMs: null },
  busy: { ringMs: [1200, 2500] },
  no_answer: { ringMs: null },
  reject: { ringMs: [2000, 5000] },
  invalid: { ringMs: [600, 1200] },
  scripted: { initiatedMs: null, ringMs: null },
};

const INITIATED_MS = 250;

const duration = {
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'array', items: { type: 'number', minimum: 0 }, minItems: 2, maxItems: 2 },
    { type: 'null' },
  ],
};

const RULE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['result'],
  properties: {
    name: { type: 'string' },
    suffix: { type: 'string', pattern: '^[0-9]+$' },
    regex: { type: 'string', format: 'regex' },
    times: { type: 'integer', minimum: 1 },
    result: { enum: Object.keys(RESULTS) },
    business: { type: 'boolean' },
    initiatedMs: duration,
    ringMs: duration,
    amdMs: duration,
    greetingMs: duration,
    hangUpAfterMs: duration,
    pressMs: duration,
    digit: { type: 'string', pattern: '^[0-9#*]$' },
    audioMs: duration,
    says: { type: 'array', items: { type: 'string', minLength: 1 } },
  },
};

const SCENARIO_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    seed: { type: 'integer' },
    commandWindowMs: { type: 'integer', minimum: 0 },
    rules: { type: 'array', items: RULE_SCHEMA },
    account: {
      type: 'object',
      additionalProperties: false,
      properties: {
        apiKeys: { type: 'array', items: { type: 'string' } },
        connections: { type: 'array', items: { type: 'string' } },
        webhookUrl: { type: 'string', format: 'webhook' },
      },
    },
    webhooks: {
      type: 'object',
      additionalProperties: false,
      properties: {
        timeoutMs: { type: 'integer', minimum: 1 },
        retryMs: { type: 'array', items: { type: 'integer', minimum: 0 } },
        concurrency: { type: 'integer', minimum: 1 },
      },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: {
        dialsPerSecond: { type: 'number', exclusiveMinimum: 0 },
        dialWindowMs: { type: 'integer', minimum: 1 },
        concurrentCalls: { type: 'integer', minimum: 0 },
      },
    },
    recordings: {
      type: 'object',
      additionalProperties: false,
      properties: {
        savedMs: { type: 'integer', minimum: 0 },
        linkMs: { type: 'integer', minimum: 0 },
      },
    },
    conferences: {
      type: 'object',
      additionalProperties: false,
      properties: { joinMs: { type: 'integer', minimum: 0 } },
    },
  },
};

const DEFAULTS = {
  seed: 1,
  /* The provider forgets a command_id after a minute. */
  commandWindowMs: 60_000,
  account: { apiKeys: [], connections: [], webhookUrl: null },
  webhooks: { timeoutMs: 2000, retryMs: [500, 1000, 2000, 4000, 8000, 16_000], concurrency: 8 },
  limits: { dialsPerSecond: null, dialWindowMs: 5000, concurrentCalls: null },
  /* The provider's links are dead after ten minutes. */
  recordings: { savedMs: 2000, linkMs: 600_000 },
  conferences: { joinMs: 250 },
};

function isRegex(text) {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, formats: { regex: isRegex, webhook: isWebhookUrl } });
const isScenario = ajv.compile(SCENARIO_SCHEMA);
const isRule = ajv.compile(RULE_SCHEMA);

export class ScenarioError extends Error {}

export class Scenario {
  #rules;
  #preferred = [];
  #random;

  /* Throws ScenarioError, naming the fields, when `source` is no scenario. */
  constructor(source) {
    if (!isScenario(source))
      throw new ScenarioError(`not a scenario: ${ajv.errorsText(isScenario.errors, { dataVar: 'scenario' })}`);

    this.source = source;
    this.commandWindowMs = source.commandWindowMs ?? DEFAULTS.commandWindowMs;
    this.account = { ...DEFAULTS.account, ...source.account };
    this.webhooks = { ...DEFAULTS.webhooks, ...source.webhooks };
    this.limits = { ...DEFAULTS.limits, ...source.limits };
    this.recordings = { ...DEFAULTS.recordings, ...source.recordings };
    this.conferences = { ...DEFAULTS.conferences, ...source.conferences };
    this.#random = seededRandom(source.seed ?? DEFAULTS.seed);
    this.#rules = (source.rules ?? []).map(prepared);
  }

  /* Put a rule before all others.  Throws ScenarioError. */
  prefer(rule) {
    if (!isRule(rule)) throw new ScenarioError(`not a rule: ${ajv.errorsText(isRule.errors, { dataVar: 'rule' })}`);
    this.#preferred.unshift(prepared(rule));
  }

  /* Forget the rules that were preferred. */
  forgetPreferred() {
    this.#preferred = [];
  }

  static read(file = DEFAULT_SCENARIO) {
    return new Scenario(JSON.parse(readFileSync(file, 'utf8')));
  }

  /*
   * What happens when `number` is dialled now; times in milliseconds, null =
   * never.  The first rule that fits decides, and a rule with `times` is used
   * up that often.
   */
  behaviour(number) {
    const rules = [...this.#preferred, ...this.#rules];
    const rule = rules.find((candidate) => fits(candidate, number)) ?? { result: 'human' };
    if (rule.left) rule.left -= 1;

    const settings = { initiatedMs: INITIATED_MS, ...RESULTS[rule.result], ...rule };
    return {
      rule: rule.name ?? rule.suffix ?? rule.regex ?? 'default',
      result: rule.result,
      business: rule.business ?? false,
      initiatedMs: this.#pick(settings.initiatedMs),
      ringMs: this.#pick(settings.ringMs),
      amdMs: this.#pick(settings.amdMs),
      greetingMs: this.#pick(settings.greetingMs),
      hangUpAfterMs: this.#pick(settings.hangUpAfterMs),
      pressMs: this.#pick(settings.pressMs),
      digit: settings.digit ?? '1',
      audioMs: this.#pick(settings.audioMs) ?? 0,
      says: settings.says ?? [],
    };
  }

  #pick(range) {
    if (!Array.isArray(range)) return range ?? null;
    const [low, high] = range;
    return Math.round(low + this.#random() * (high - low));
  }
}

const prepared = (rule) => ({
  ...rule,
  pattern: rule.regex && new RegExp(rule.regex),
  left: rule.times ?? Infinity,
});

function fits(rule, number) {
  if (rule.left < 1) return false;
  if (rule.suffix && !number.endsWith(rule.suffix)) return false;
  return !rule.pattern || rule.pattern.test(number);
}
