/*
 * leads.mjs - whom to call next
 *
 * Draws a random page of leads of a random stage, and of that page a lead who
 * is not on the telephone and was not called a moment ago.
 */
import { pickWeighted } from './plans.mjs';

const PAGE_SIZE = 50;
const RECENT_MAX = 40;

/* Stages the voice agent calls, and how often. */
const STAGES = { new: 40, contacted: 30, qualified: 12, video_sent: 10, zoom_scheduled: 8 };

/* Numbers which the simulator does not let answer: not for the first impression. */
const SILENT_SUFFIX = /0[1-5]$/;

export class Leads {
  #client;
  #random;
  #pages = new Map();
  #recent = [];
  #problem = '';

  constructor({ client, random }) {
    this.#client = client;
    this.#random = random;
  }

  /* Why the last pick found nobody. */
  get problem() {
    return this.#problem;
  }

  /*
   * A lead to call, or null if there is none just now.  busy: ids of leads on the
   * telephone; mustAnswer: prefer one whose number is answered.
   */
  async pick({ busy, mustAnswer = false, signal }) {
    const stages = { ...STAGES };
    while (Object.keys(stages).length) {
      const stage = pickWeighted(this.#random, stages);
      delete stages[stage];

      const leads = await this.#page(stage, signal);
      const fits = leads.filter(
        (lead) => !lead.doNotCall && !busy.has(lead.id) && !(mustAnswer && SILENT_SUFFIX.test(lead.phone)),
      );
      const rested = fits.filter((lead) => !this.#recent.includes(lead.id));
      const candidates = rested.length ? rested : fits;
      if (candidates.length) return this.#take(candidates);
      if (signal?.aborted) return null;
    }
    return null;
  }

  /* Pages come and go with the leads; the number of them is learnt from each answer. */
  async #page(stage, signal) {
    const page = 1 + Math.floor(this.#random() * (this.#pages.get(stage) ?? 1));
    const answer = await this.#client.get(`/api/leads?status=${stage}&limit=${PAGE_SIZE}&page=${page}`, {
      patienceMs: 30_000,
      signal,
    });
    this.#pages.set(stage, answer.pagination?.pages ?? 1);
    this.#problem = answer.status === 200 ? 'no lead to call' : `leads answered ${answer.status}`;
    return answer.status === 200 ? answer.data : [];
  }

  #take(candidates) {
    const lead = candidates[Math.floor(this.#random() * candidates.length)];
    this.#recent.push(lead.id);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    return lead;
  }
}
