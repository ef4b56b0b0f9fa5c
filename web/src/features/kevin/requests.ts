import { api } from "@/lib/api";
import type { Availability } from "@/lib/types";

export function fetchAvailability(): Promise<Availability> {
  return api.get<Availability>("/kevin/availability");
}

/** Override the schedule. The answer may still say unavailable: while Kevin is on a call. */
export function setAvailability(available: boolean): Promise<Availability> {
  return api.put<Availability>("/kevin/availability", { available });
}
