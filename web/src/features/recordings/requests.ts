import { api } from "@/lib/api";
import type { CallRecordings, RecordingState } from "@/lib/types";

const pathOf = (callId: string): string => `/calls/${encodeURIComponent(callId)}/recording`;

/** The files of a call, each with a link that works for some minutes. */
export function fetchRecordings(callId: string): Promise<CallRecordings> {
  return api.get<CallRecordings>(pathOf(callId));
}

/** Start or stop recording; doing so again is nothing. */
export function setRecording(
  callId: string,
  action: "start" | "stop",
): Promise<{ callId: string; recording: RecordingState }> {
  return api.post(pathOf(callId), action === "start" ? { action, channels: "dual" } : { action });
}
