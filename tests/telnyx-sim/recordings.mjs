/*
 * recordings.mjs - what was recorded: the list, the files, and their links
 *
 * A recording is saved a moment after it was stopped or the leg ended.  Its file is
 * real and as long as what was recorded, but holds silence.  Links expire; a
 * new look at the recording gives new ones.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { timestamp } from './clock.mjs';
import { silence } from './silence.mjs';

const DURATION_MAX_MS = 600_000;

/* Where files are; the control interface and the API are elsewhere. */
export const FILES_PREFIX = '/recordings/';

export class Recordings {
  #clock;
  #reporter;
  #settings;
  #all = new Map();
  #key = randomBytes(32);
  #address = '';

  /* settings: () => {savedMs, linkMs}. */
  constructor({ clock, reporter, settings }) {
    this.#clock = clock;
    this.#reporter = reporter;
    this.#settings = settings;
  }

  /* The address the files are reached at, known once the server listens. */
  set address(url) {
    this.#address = url;
  }

  get list() {
    return [...this.#all.values()];
  }

  find(id) {
    return this.#all.get(id);
  }

  remove(id) {
    this.#all.delete(id);
  }

  clear() {
    this.#all.clear();
  }

  /* Begin to record a leg: what is to be given to save() at its end. */
  begin(leg, { format, channels }) {
    return { id: randomUUID(), leg, format, channels, startedAt: timestamp() };
  }

  /* The recording is over; it is listed, and reported, once it is saved. */
  save(recording) {
    const finished = { ...recording, endedAt: timestamp() };
    this.#clock.after(this.#settings().savedMs, () => {
      this.#all.set(finished.id, { ...finished, savedAt: timestamp() });
      this.#report(finished);
    });
  }

  /* This event has neither the id of the recording nor that of the call. */
  #report(recording) {
    const { leg, channels, startedAt, endedAt } = recording;
    const none = { mp3: null, wav: null };
    this.#reporter.leg(leg, 'call.recording.saved', {
      call_control_id: undefined,
      start_time: undefined,
      channels,
      recording_started_at: startedAt,
      recording_ended_at: endedAt,
      recording_urls: { ...none, ...this.links(recording) },
      public_recording_urls: none,
    });
  }

  durationMs({ startedAt, endedAt }) {
    return Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
  }

  /* {mp3: URL} or {wav: URL}, good for linkMs from now on. */
  links({ id, format }) {
    const expires = Date.now() + this.#settings().linkMs;
    const path = `${FILES_PREFIX}${id}.${format}`;
    return { [format]: `${this.#address}${path}?expires=${expires}&signature=${this.#sign(path, expires)}` };
  }

  #sign(path, expires) {
    return createHmac('sha256', this.#key).update(`${path} ${expires}`).digest('hex');
  }

  /* The answer to a request for a file: {status, body}; body is bytes, or text on a refusal. */
  file(path, searchParams) {
    const expires = Number(searchParams.get('expires'));
    if (searchParams.get('signature') !== this.#sign(path, expires)) return { status: 403, body: 'no such link' };
    if (Date.now() > expires) return { status: 403, body: 'the link has expired' };

    const [id, format] = path.slice(FILES_PREFIX.length).split('.');
    const recording = this.find(id);
    if (!recording) return { status: 404, body: 'no such recording' };
    const durationMs = Math.min(this.durationMs(recording), DURATION_MAX_MS);
    return { status: 200, ...silence(format, durationMs, recording.channels === 'dual' ? 2 : 1) };
  }
}
