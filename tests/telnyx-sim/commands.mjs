/*
 * commands.mjs - the provider's memory of command_ids
 *
 * A repeated command has no second effect: it gets the first answer again.
 * Only commands that were carried out are remembered, and only for a while;
 * after that the same command_id is a new command.
 */
export class CommandMemory {
  #answers = new Map();

  /* windowMs: () => how long to remember, in real milliseconds. */
  constructor(windowMs) {
    this.windowMs = windowMs;
  }

  /* The answer given to this command before, or undefined. */
  recall(scope, commandId) {
    this.#forget();
    return this.#answers.get(`${scope} ${commandId}`)?.answer;
  }

  remember(scope, commandId, answer) {
    this.#answers.set(`${scope} ${commandId}`, { answer, at: performance.now() });
  }

  clear() {
    this.#answers.clear();
  }

  /* A Map keeps the order of insertion: the oldest are in front. */
  #forget() {
    const oldest = performance.now() - this.windowMs();
    for (const [key, { at }] of this.#answers) {
      if (at > oldest) break;
      this.#answers.delete(key);
    }
  }
}
