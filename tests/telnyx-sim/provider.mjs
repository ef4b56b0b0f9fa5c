/*
 * provider.mjs - the provider's side of one request
 *
 * Authenticate, find the operation, read and check the body, recognise a
 * repeated command, carry it out.  Everything goes through here, so no operation can
 * forget a step.
 */
import { parseQuery } from './contract.mjs';
import { refusal } from './errors.mjs';
import { operations } from './operations/index.mjs';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/* Longer bodies are logged as their first bytes: the log is bounded in memory, too. */
export const LOGGED_MAX = 16 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/* The body as an object.  Throws BAD_ENCODING or UNREADABLE. */
export function parseBody(headers, raw) {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw refusal('UNREADABLE', 'The Content-Type must be application/json.');
  let text;
  try {
    text = utf8.decode(raw);
  } catch {
    throw refusal('BAD_ENCODING', 'Error decoding request body: not UTF-8.');
  }
  try {
    const body = JSON.parse(text);
    if (body !== null && typeof body === 'object' && !Array.isArray(body)) return body;
  } catch {
    throw refusal('UNREADABLE', 'The request body is no JSON.');
  }
  throw refusal('UNREADABLE', 'The request body must be a JSON object.');
}

function checkClientState({ client_state: state }) {
  if (state !== undefined && !BASE64.test(state))
    throw refusal('INVALID', 'The value must be a valid Base64 encoded string.', '/client_state');
}

export class Provider {
  #account;
  #contract;
  #commands;

  constructor({ account, contract, commands }) {
    this.#account = account;
    this.#contract = contract;
    this.#commands = commands;
  }

  /*
   * Answer a request: {status, body}.  `trace`, the entry of the request log,
   * learns the operation, the parsed body and whether it is a repeat, even if a
   * Refusal is thrown.
   */
  answer({ method, path, searchParams, headers, raw }, trace) {
    this.#authenticate(headers);
    const operation = this.#contract.match(method, path);
    trace.operation = operation.id;
    trace.params = operation.params;

    const query = parseQuery(searchParams);
    const body = operation.body ? parseBody(headers, raw) : undefined;
    if (body && raw.length <= LOGGED_MAX) trace.body = body;
    this.#contract.checkQuery(operation, query);
    if (body) {
      this.#contract.checkBody(operation, body);
      checkClientState(body);
    }
    return this.#once(operation, body, (simulated) => {
      simulated.check?.(body);
      return simulated.run({ account: this.#account, params: operation.params, query, body });
    }, trace);
  }

  /* Carry a command out unless it was before. */
  #once(operation, body, carryOut, trace) {
    const simulated = operations[operation.id];
    if (!simulated) throw refusal('NOT_SIMULATED', `${operation.id} is not simulated.`);

    const scope = body?.command_id && simulated.scope?.(operation);
    const known = scope && this.#commands.recall(scope, body.command_id);
    if (known) {
      trace.isRepeat = true;
      return known;
    }
    const answer = { status: 200, body: carryOut(simulated) };
    /* Frozen in bytes: a leg goes on, its first answer does not. */
    if (scope) this.#commands.remember(scope, body.command_id, structuredClone(answer));
    return answer;
  }

  #authenticate({ authorization = '' }) {
    const key = /^Bearer (\S+)$/.exec(authorization)?.[1];
    const { apiKeys } = this.#account.scenario.account;
    if (!key || (apiKeys.length && !apiKeys.includes(key)))
      throw refusal(
        'UNAUTHENTICATED',
        'The required authentication headers were either invalid or not included in the request.',
      );
  }
}
