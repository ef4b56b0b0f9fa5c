/*
 * Call statuses as a person reads them, and the badge each wears; outcomes, and who answered.
 */
import type { BadgeVariant } from "@/components/ui/badge";
import { formatSlug } from "@/lib/format";
import type { CallStatus } from "@/lib/types";

export const STATUS_LOOKS: Record<CallStatus, { text: string; variant: BadgeVariant }> = {
  initiated: { text: "Dialing", variant: "secondary" },
  ringing: { text: "Ringing", variant: "warning" },
  active: { text: "Answered", variant: "success" },
  "in-progress": { text: "In progress", variant: "success" },
  transferring: { text: "Transferring", variant: "default" },
  transferred: { text: "Transferred", variant: "default" },
  transfer_failed: { text: "Transfer failed", variant: "destructive" },
  completed: { text: "Completed", variant: "secondary" },
  "no-answer": { text: "No answer", variant: "secondary" },
  busy: { text: "Busy", variant: "secondary" },
  failed: { text: "Failed", variant: "destructive" },
  canceled: { text: "Canceled", variant: "secondary" },
};

/** What may have come of a call, in the order a person looks for them. */
export const CALL_OUTCOMES = [
  "hot_transfer",
  "closed",
  "zoom_scheduled",
  "video_sent",
  "callback",
  "follow_up",
  "not_interested",
  "disqualified",
  "do_not_call",
  "voicemail",
  "no_answer",
  "busy",
  "wrong_number",
  "failed",
] as const;

/** What the provider's machine detection says who answered. */
export const ANSWERERS = { human: "A person", machine: "A machine", unknown: "Not clear who" } as const;

/** Who answered, or a dash while nobody has. */
export function answererText(answeredBy: keyof typeof ANSWERERS | null): string {
  return answeredBy === null ? "–" : ANSWERERS[answeredBy];
}

/** Why calls end, where the word of the server says little to a person. */
const END_REASONS: Record<string, string> = {
  agent_hangup: "The agent hung up",
  api_error: "The telephone provider refused",
  carrier_error: "The network failed",
  kevin_hangup: "Kevin hung up",
  lead_hangup: "The lead hung up",
  operator_ended: "Ended by hand",
  timeout: "Nothing was heard any more",
};

/** What came of a call, or why it ended. */
export function outcomeText(outcome: string): string {
  return END_REASONS[outcome] ?? formatSlug(outcome);
}
