/*
 * One lead: its fields to edit, its calls, and the stages it went through.
 */
import { ArrowRight } from "lucide-react";
import { useCallback, type ReactNode } from "react";
import type { ScreenProps } from "@/app/screens";
import { BackLink } from "@/components/ui/back-link";
import { Badge } from "@/components/ui/badge";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { InternalLink } from "@/components/ui/internal-link";
import { Unfetched } from "@/components/ui/screen";
import { Skeleton } from "@/components/ui/skeleton";
import { outcomeText, STATUS_LOOKS } from "@/features/calls/status";
import { formatCount, formatDuration, formatMoment, formatPhone, formatScore, formatSlug } from "@/lib/format";
import type { CallSummary, LeadDetail } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { LeadForm } from "./LeadForm";
import { fetchLead, fetchLeadCalls } from "./requests";
import { LEAD_LOOKS } from "./words";

export default function LeadPage({ params }: ScreenProps) {
  const { id = "" } = params;
  return (
    <div className="space-y-6">
      <BackLink to="/leads" text="Leads" />
      <OneLead key={id} id={id} />
    </div>
  );
}

function OneLead({ id }: { id: string }) {
  const { data: lead, problem, reload, replace } = useFetched(() => fetchLead(id), id);
  const take = useCallback((next: LeadDetail) => replace(next), [replace]);
  if (!lead) {
    return problem === null ? <Skeleton className="h-96" /> : <Unfetched problem={problem} onRetry={reload} />;
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="min-w-0 truncate text-2xl font-semibold tracking-tight">
          {lead.firstName} {lead.lastName}
        </h1>
        <Badge variant={LEAD_LOOKS[lead.status]}>{formatSlug(lead.status)}</Badge>
        <span className="text-sm tabular-nums text-muted-foreground">{formatPhone(lead.phone)}</span>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <LeadForm lead={lead} onLead={take} />
        <div className="space-y-6">
          <Calls id={id} />
          <Stages lead={lead} />
        </div>
      </div>
    </>
  );
}

function Side({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card className="overflow-hidden">
      <CardHeader className="border-b py-4">
        <CardTitle>{title}</CardTitle>
      </CardHeader>
      {children}
    </Card>
  );
}

function Calls({ id }: { id: string }) {
  const { data, problem, reload } = useFetched(() => fetchLeadCalls(id), id);
  return (
    <Side title="Calls">
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {data?.items.length === 0 && <p className="p-5 text-sm text-muted-foreground">Never called.</p>}
      <ul className="divide-y">
        {data?.items.map((call) => (
          <CallItem key={call.id} call={call} />
        ))}
      </ul>
      {data && data.pagination.hasNext && (
        <p className="border-t px-5 py-3 text-sm">
          <InternalLink to={`/calls?leadId=${id}`} className="font-medium text-primary hover:underline">
            All {formatCount(data.pagination.total)} calls
          </InternalLink>
        </p>
      )}
    </Side>
  );
}

function CallItem({ call }: { call: CallSummary }) {
  return (
    <li>
      <InternalLink to={`/calls/${call.id}`} className="flex items-center gap-3 px-5 py-3 text-sm hover:bg-accent">
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{call.finalStatus ? outcomeText(call.finalStatus) : STATUS_LOOKS[call.status].text}</span>
          <span className="block text-xs text-muted-foreground">
            {formatMoment(call.startTime)} · {formatDuration(call.durationSec)}
          </span>
        </span>
        <span className="text-xs tabular-nums text-muted-foreground">Score {formatScore(call.score)}</span>
      </InternalLink>
    </li>
  );
}

function Stages({ lead }: { lead: LeadDetail }) {
  return (
    <Side title="Stages">
      <ol className="space-y-2.5 p-5 text-sm">
        {lead.stageHistory.map(({ to, cause, changedAt }) => (
          <li key={`${changedAt} ${to}`} className="flex justify-between gap-3">
            <span className="flex min-w-0 items-center gap-2">
              <ArrowRight className="size-3.5 shrink-0 text-muted-foreground" aria-hidden />
              <span className="truncate">{formatSlug(to)}</span>
            </span>
            <span className="shrink-0 text-right text-xs text-muted-foreground">
              {formatMoment(changedAt)}
              <br />
              {formatSlug(cause)}
            </span>
          </li>
        ))}
      </ol>
    </Side>
  );
}
