import { api, type Page } from "@/lib/api";
import { queryText, type QueryValues } from "@/lib/query";
import type { ActiveCall, CallDetail, CallSummary } from "@/lib/types";

export function fetchActiveCalls(): Promise<ActiveCall[]> {
  return api.get<ActiveCall[]>("/calls/active");
}

export function fetchCall(id: string): Promise<CallDetail> {
  return api.get<CallDetail>(`/calls/${encodeURIComponent(id)}`);
}

export function fetchCalls(filters: QueryValues): Promise<Page<CallSummary>> {
  return api.getPage<CallSummary>(`/calls${queryText(filters)}`);
}
