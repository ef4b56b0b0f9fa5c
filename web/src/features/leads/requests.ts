import { api, type Page } from "@/lib/api";
import { queryText, type QueryValues } from "@/lib/query";
import type { CallSummary, ImportReport, Lead, LeadDetail, LeadFields } from "@/lib/types";

const pathOf = (id: string): string => `/leads/${encodeURIComponent(id)}`;

export function fetchLeads(filters: QueryValues): Promise<Page<Lead>> {
  return api.getPage<Lead>(`/leads${queryText(filters)}`);
}

export function fetchLead(id: string): Promise<LeadDetail> {
  return api.get<LeadDetail>(pathOf(id));
}

export function fetchLeadCalls(id: string): Promise<Page<CallSummary>> {
  return api.getPage<CallSummary>(`${pathOf(id)}/calls${queryText({ limit: 20 })}`);
}

export function createLead(fields: Partial<LeadFields>, idempotencyKey: string): Promise<LeadDetail> {
  return api.post<LeadDetail>("/leads", fields, { idempotencyKey });
}

/** Change what is sent; refused (409 VERSION_CONFLICT) when the lead is no longer at `version`. */
export function updateLead(id: string, version: number, changes: Partial<LeadFields>): Promise<LeadDetail> {
  return api.put<LeadDetail>(pathOf(id), { ...changes, version });
}

/** A file may be as large as the server's limit on bodies, and its rows take their time. */
const IMPORT_TIMEOUT_MS = 120_000;

/** What an import of the file would make, or with `isForGood` the import itself. */
export function importLeads(file: Blob, isForGood: boolean): Promise<ImportReport> {
  return api.upload<ImportReport>(`/leads/import?dryRun=${isForGood ? "false" : "true"}`, file, {
    timeoutMs: IMPORT_TIMEOUT_MS,
  });
}
