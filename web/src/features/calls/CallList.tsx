import { Badge } from "@/components/ui/badge";
import { InternalLink } from "@/components/ui/internal-link";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { reasonText, transferText } from "@/features/transfers/states";
import { formatDuration, formatMoment, formatPhone, formatScore } from "@/lib/format";
import type { CallSummary } from "@/lib/types";
import { cn } from "@/lib/utils";
import { answererText, outcomeText, STATUS_LOOKS } from "./status";

/** Calls as rows, each a way to its page. */
export function CallList({ calls, isStale }: { calls: CallSummary[]; isStale: boolean }) {
  return (
    <Table aria-label="Calls" aria-busy={isStale} className={cn(isStale && "opacity-60")}>
      <TableHeader>
        <TableRow className="lg:border-0">
          <TableHead className="lg:pl-5">Lead</TableHead>
          <TableHead className="lg:w-[14%]">Status</TableHead>
          <TableHead className="lg:w-[20%]">Outcome</TableHead>
          <TableHead className="lg:w-[14%]">Answered by</TableHead>
          <TableHead className="lg:w-[8%] lg:text-right">Score</TableHead>
          <TableHead className="lg:w-[20%] lg:pr-5">Begun</TableHead>
        </TableRow>
      </TableHeader>
      <TableBody>
        {calls.map((call) => (
          <CallItem key={call.id} call={call} />
        ))}
      </TableBody>
    </Table>
  );
}

function CallItem({ call }: { call: CallSummary }) {
  const { text, variant } = STATUS_LOOKS[call.status];
  return (
    <TableRow
      data-testid={`call-item-${call.id}`}
      className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1.5 px-5 py-3 lg:table-row"
    >
      <TableCell className="min-w-0 lg:pl-5">
        <InternalLink
          to={`/calls/${call.id}`}
          className="block truncate font-medium hover:underline"
          title={call.leadName}
        >
          {call.leadName}
        </InternalLink>
        <p className="truncate text-xs tabular-nums text-muted-foreground">{formatPhone(call.phoneNumber)}</p>
      </TableCell>
      <TableCell className="justify-self-end">
        <Badge variant={variant}>{text}</Badge>
      </TableCell>
      <TableCell className="min-w-0">
        <Outcome call={call} />
      </TableCell>
      <TableCell className="justify-self-end text-xs text-muted-foreground lg:text-sm lg:text-foreground">
        {answererText(call.answeredBy)}
      </TableCell>
      <TableCell className="order-1 justify-self-end tabular-nums lg:text-right">
        <span className="text-xs text-muted-foreground lg:hidden">Score </span>
        {formatScore(call.score)}
      </TableCell>
      <TableCell className="min-w-0 text-xs text-muted-foreground lg:pr-5">
        <p>{formatMoment(call.startTime)}</p>
        <p className="truncate tabular-nums">{lengthText(call)}</p>
      </TableCell>
    </TableRow>
  );
}

/** How long the lead was on the line, and with which agent; empty where neither is known. */
function lengthText({ answeredAt, durationSec, agentVersion }: CallSummary): string {
  const parts = [answeredAt && `${formatDuration(durationSec)} long`, agentVersion && `agent ${agentVersion}`];
  return parts.filter(Boolean).join(" · ");
}

/** What came of it, and of bringing Kevin in. */
function Outcome({ call }: { call: CallSummary }) {
  const outcome = call.finalStatus ?? call.endReason;
  const { transfer } = call;
  const reason = transfer && reasonText(transfer.state, transfer.failureReason);
  return (
    <>
      <p className="truncate">{outcome ? outcomeText(outcome) : "–"}</p>
      {transfer && (
        <p className="truncate text-xs text-muted-foreground" title={reason ?? undefined}>
          {transferText(transfer.state)}
        </p>
      )}
    </>
  );
}
