import { api } from "@/lib/api";
import type { TransferResult } from "@/lib/types";

const pathOf = (callId: string): string => `/calls/${encodeURIComponent(callId)}/transfer`;

/**
 * Ring Kevin for a call, and tell him the note. The answer only says that it began; events tell the rest.
 * A repetition with the same key never rings him twice.
 */
export function startTransfer(callId: string, note: string, idempotencyKey: string): Promise<TransferResult> {
  return api.post<TransferResult>(pathOf(callId), note === "" ? {} : { note }, {
    idempotencyKey,
    isAsync: true,
  });
}

/** Stop ringing Kevin. Refused once he is being joined. */
export function cancelTransfer(callId: string): Promise<TransferResult> {
  return api.delete<TransferResult>(pathOf(callId));
}
