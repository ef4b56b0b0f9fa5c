/*
 * Call statuses as a person reads them, and the badge each wears.
 */
import type { BadgeVariant } from "@/components/ui/badge";
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
