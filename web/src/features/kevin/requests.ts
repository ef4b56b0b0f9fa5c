import { api, type Page } from "@/lib/api";
import { queryText } from "@/lib/query";
import type {
  Availability,
  ConversionResult,
  Schedule,
  ScheduleException,
  Slot,
  TransferSummary,
} from "@/lib/types";

export function fetchAvailability(): Promise<Availability> {
  return api.get<Availability>("/kevin/availability");
}

export interface AvailabilityChange {
  /** null drops the override: the schedule counts again. */
  available: boolean | null;
  reason?: string;
  until?: string;
}

/** Override the schedule. The answer may still say unavailable: while Kevin is on a call. */
export function setAvailability(change: AvailabilityChange): Promise<Availability> {
  return api.put<Availability>("/kevin/availability", change);
}

export function fetchSchedule(): Promise<Schedule> {
  return api.get<Schedule>("/kevin/schedule");
}

export interface ScheduleChange {
  timezone: string;
  slots: Slot[];
  exceptions: (Pick<ScheduleException, "date" | "available"> & {
    startTime?: string;
    endTime?: string;
    note?: string;
  })[];
}

/** Replace the whole schedule. */
export function setSchedule(schedule: ScheduleChange): Promise<Schedule> {
  return api.put<Schedule>("/kevin/schedule", schedule);
}

export function fetchTransfers(page: number, limit: number): Promise<Page<TransferSummary>> {
  return api.getPage<TransferSummary>(`/kevin/transfers${queryText({ page, limit })}`);
}

export interface Outcome {
  transferId: string;
  conversionResult: ConversionResult;
  kevinRating: number | null;
  notes: string | null;
  nextFollowup?: string;
}

/** Say what came of a transfer; saying it again corrects it. */
export function recordOutcome(outcome: Outcome): Promise<TransferSummary> {
  return api.post<TransferSummary>("/kevin/transfer-outcome", outcome);
}
