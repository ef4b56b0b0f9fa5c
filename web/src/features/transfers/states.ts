/*
 * The states of a transfer: their order, and how a person reads them.
 */
import { outcomeText } from "@/features/calls/status";
import type { TransferState } from "@/lib/types";

/** What is known of a call's latest transfer. */
export interface TransferFacts {
  id: string;
  state: TransferState;
  attempt: number;
  failureReason: string | null;
  /** When it came into this state, in milliseconds. */
  since: number;
}

type Stage = "under-way" | "joined" | "over" | "failed";

interface StateLooks {
  text: string;
  stage: Stage;
  /** How far a transfer is. The ends are equally far; only news that Kevin was there after all may follow one. */
  rank: number;
}

const END = 9;

const STATES: Record<TransferState, StateLooks> = {
  requested: { text: "Calling Kevin", stage: "under-way", rank: 0 },
  dialing: { text: "Ringing Kevin", stage: "under-way", rank: 1 },
  screening: { text: "Checking who answered", stage: "under-way", rank: 2 },
  briefing: { text: "Briefing Kevin", stage: "under-way", rank: 3 },
  joining: { text: "Joining the call", stage: "under-way", rank: 4 },
  joined: { text: "Kevin joined", stage: "joined", rank: 5 },
  ended: { text: "Talk with Kevin is over", stage: "over", rank: END + 1 },
  declined: { text: "Kevin declined", stage: "failed", rank: END },
  no_answer: { text: "No answer from Kevin", stage: "failed", rank: END },
  busy: { text: "Kevin's line is busy", stage: "failed", rank: END },
  voicemail: { text: "Kevin's voicemail answered", stage: "failed", rank: END },
  lead_left: { text: "The lead left", stage: "failed", rank: END },
  failed: { text: "Transfer failed", stage: "failed", rank: END },
  canceled: { text: "Transfer canceled", stage: "failed", rank: END },
};

/** Fine reasons which say more than the state they come with. */
const REASONS: Record<string, string> = {
  canceled: "The briefing was cut short",
  closer_hangup_early: "He hung up during the briefing",
  invalid_number: "His number does not exist",
  join_failed: "The lines could not be joined",
  lead_hangup: "Hung up before Kevin was there",
  operator_ended: "The call was ended by hand",
  no_key: "He did not press the key",
  rejected: "He rejected the call",
  unreachable: "His telephone cannot be reached",
  wrong_key: "He pressed another key",
};

export function transferText(state: TransferState): string {
  return STATES[state].text;
}

/** Why it ended as it did, where that says more than the state; else null. */
export function reasonText(state: TransferState, reason: string | null): string | null {
  if (reason === null || reason === state || stageOf(state) !== "failed") return null;
  return REASONS[reason] ?? outcomeText(reason);
}

export function stageOf(state: TransferState): Stage {
  return STATES[state].stage;
}

/** Kevin is being rung for it, or is talking in it. */
export function holdsKevin(state: TransferState): boolean {
  return STATES[state].rank < END;
}

/** Once the lines are being joined there is no way back. */
export function mayCancel(state: TransferState): boolean {
  return STATES[state].rank < STATES.joining.rank;
}

/** The later of what is known and what is said: another attempt, or a state further on. */
export function laterTransfer(known: TransferFacts | null, said: TransferFacts): TransferFacts {
  if (known === null) return said;
  if (known.id !== said.id) return said.attempt >= known.attempt ? said : known;
  return STATES[said.state].rank > STATES[known.state].rank ? said : known;
}
