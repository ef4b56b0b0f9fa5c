import { api } from "@/lib/api";
import { queryText } from "@/lib/query";
import type { Dashboard, Performance } from "@/lib/types";

export type TimeRange = "24h" | "7d" | "30d" | "90d";

export function fetchDashboard(timeRange: TimeRange): Promise<Dashboard> {
  return api.get<Dashboard>(`/analytics/dashboard${queryText({ timeRange })}`);
}

export function fetchPerformance(timeRange: TimeRange): Promise<Performance> {
  return api.get<Performance>(`/analytics/performance${queryText({ timeRange })}`);
}
