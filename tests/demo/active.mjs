/*
 * active.mjs - which calls are alive, by one gentle poll for all of them
 */
export class ActiveCalls {
  #client;
  #statuses = new Map();
  #asOf = 0;

  constructor({ client }) {
    this.#client = client;
  }

  /* Ask once; without an answer the old knowledge stays. Returns the calls, or null. */
  async refresh() {
    const askedAt = performance.now();
    const { status, data } = await this.#client.get('/api/calls/active');
    if (status !== 200) return null;

    this.#statuses = new Map(data.map((call) => [call.id, call.status]));
    this.#asOf = askedAt;
    return data;
  }

  /*
   * The status of a call that was known since `knownSince` (performance.now());
   * 'over' if it is alive no more, 'unknown' if the last poll is older than the call.
   */
  statusOf(callId, knownSince) {
    return this.#statuses.get(callId) ?? (this.#asOf > knownSince ? 'over' : 'unknown');
  }
}
