/*
 * conference.mjs - a room in which legs hear each other
 *
 *   in_progress -> completed
 *
 * Made by an answered leg, which is its owner and first participant.  Ends when
 * the last one leaves, or by command; a leg that leaves is parked and lives on.
 */
import { randomUUID } from 'node:crypto';
import { timestamp } from './clock.mjs';
import { HANGUPS } from './leg.mjs';

const MAX_PARTICIPANTS = 250;
const LIFE_MS = 4 * 3_600_000;

export class Conference {
  #clock;
  #reporter;
  #joinMs;
  #participants = new Map();

  /* request: the checked body of the create; joinMs: from a command to the joining. */
  constructor({ request, owner, clock, reporter, joinMs }) {
    this.#clock = clock;
    this.#reporter = reporter;
    this.#joinMs = joinMs;
    this.id = randomUUID();
    this.name = request.name;
    this.owner = owner;
    this.clientState = request.client_state ?? owner.clientState;
    this.maxParticipants = request.max_participants ?? MAX_PARTICIPANTS;
    this.createdAt = timestamp();
    this.expiresAt = new Date(Date.now() + LIFE_MS).toISOString();
    this.endedAt = null;
    this.endReason = null;
    this.#report('conference.created', owner);
    this.join(owner);
  }

  get isEnded() {
    return this.endedAt !== null;
  }

  /* All who ever joined: {leg, id, status joining|joined|left, joinedAt, leftAt, isMuted, isOnHold, ...}. */
  get participants() {
    return [...this.#participants.values()];
  }

  get present() {
    return this.participants.filter(({ status }) => status !== 'left');
  }

  get isFull() {
    return this.present.length >= this.maxParticipants;
  }

  /* The leg begins to join; no effect if it is here.  It leaves any other conference. */
  join(leg, { endsOnExit = false, softEndsOnExit = false, isMuted = false } = {}) {
    if (leg.conference === this) return;
    leg.conference?.leave(leg);
    leg.conference = this;
    const participant = {
      id: randomUUID(),
      leg,
      status: 'joining',
      createdAt: timestamp(),
      joinedAt: null,
      leftAt: null,
      isMuted,
      isOnHold: false,
      endsOnExit,
      softEndsOnExit,
    };
    this.#participants.set(leg.callControlId, participant);
    this.#clock.after(this.#joinMs, () => this.#joined(participant));
  }

  #joined(participant) {
    if (participant.status !== 'joining') return;
    participant.status = 'joined';
    participant.joinedAt = timestamp();
    this.#report('conference.participant.joined', participant.leg);
  }

  /* The leg leaves, by command or by hanging up; the last one ends the conference. */
  leave(leg) {
    if (leg.conference !== this) return;
    const participant = this.#participants.get(leg.callControlId);
    leg.conference = null;
    participant.status = 'left';
    participant.leftAt = timestamp();
    this.#report('conference.participant.left', leg);
    if (this.isEnded) return;
    if (participant.endsOnExit) this.#end('host_left', true);
    else if (participant.softEndsOnExit) this.#end('host_left', false);
    else if (!this.present.length) this.#end('all_left', false);
  }

  /* End it by command: everybody is hung up. */
  end() {
    this.#end('ended_via_api', true);
  }

  #end(reason, hangsUp) {
    if (this.isEnded) return;
    this.endedAt = timestamp();
    this.endReason = reason;
    for (const { leg } of this.present) {
      if (hangsUp) leg.end(HANGUPS.by_caller);
      else this.leave(leg);
    }
    /* The webhook knows fewer reasons than the API. */
    this.#report('conference.ended', this.owner, { reason: reason === 'ended_via_api' ? 'host_left' : reason });
  }

  #report(eventType, leg, fields) {
    this.#reporter.conference(this, eventType, leg, fields);
  }
}
