import { api } from "@/lib/api";
import type { ActiveCall, TransferResult } from "@/lib/types";

/** The answer waits for Kevin's telephone: 45 s on the server, and some for the way. */
const TRANSFER_TIMEOUT_MS = 60_000;

export function fetchActiveCalls(): Promise<ActiveCall[]> {
  return api.get<ActiveCall[]>("/calls/active");
}

/** Ring Kevin and join him to the call. A repetition with the same key never rings him twice. */
export function transferCall(callId: string, idempotencyKey: string): Promise<TransferResult> {
  return api.post<TransferResult>(
    `/calls/${encodeURIComponent(callId)}/transfer`,
    {},
    {
      idempotencyKey,
      timeoutMs: TRANSFER_TIMEOUT_MS,
    },
  );
}
