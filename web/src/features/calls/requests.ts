import { api } from "@/lib/api";
import type { ActiveCall, CallDetail } from "@/lib/types";

export function fetchActiveCalls(): Promise<ActiveCall[]> {
  return api.get<ActiveCall[]>("/calls/active");
}

export function fetchCall(id: string): Promise<CallDetail> {
  return api.get<CallDetail>(`/calls/${encodeURIComponent(id)}`);
}
