import { Flame } from "lucide-react";
import { memo } from "react";
import { Badge } from "@/components/ui/badge";
import { InternalLink } from "@/components/ui/internal-link";
import { TableCell, TableRow } from "@/components/ui/table";
import { TransferCell } from "@/features/transfers/TransferCell";
import { useServerNow } from "@/lib/clock";
import { formatDuration, formatPhone, initials } from "@/lib/format";
import { cn } from "@/lib/utils";
import type { BoardCall, TransferOffer } from "./board";
import { isHot } from "./heat";
import { ScoreMeter } from "./ScoreMeter";
import { outcomeText, STATUS_LOOKS } from "./status";

export interface CallRowProps {
  call: BoardCall;
  offer: TransferOffer["kind"];
  /** Why Kevin cannot come, where the offer is closed. */
  whyNot: string | null;
}

export const CallRow = memo(function CallRow({ call, offer, whyNot }: CallRowProps) {
  const isOver = call.ended !== null;
  const hot = isHot(call.score) && !isOver;
  return (
    <TableRow
      data-testid={`call-row-${call.id}`}
      data-hot={hot ? "true" : undefined}
      data-ended={isOver ? "true" : undefined}
      className={cn(
        "grid animate-enter grid-cols-[1fr_auto] items-center gap-x-4 gap-y-3 px-5 py-4 lg:table-row",
        hot && "hot-row",
        isOver && "bg-muted/60 grayscale transition-colors duration-700",
      )}
    >
      <TableCell className="min-w-0 lg:pl-5">
        <LeadCell call={call} hot={hot} />
      </TableCell>
      <TableCell className="justify-self-end">
        <StatusBadge call={call} />
      </TableCell>
      <TableCell className="order-2 justify-self-end lg:text-right">
        <Duration call={call} />
      </TableCell>
      <TableCell className="order-1 min-w-0">
        <PhaseCell call={call} />
      </TableCell>
      <TableCell className="order-3 col-span-2">
        <ScoreMeter score={call.score} leadName={call.leadName} />
      </TableCell>
      <TableCell className="order-4 col-span-2 lg:pr-5">
        <TransferCell call={call} offer={offer} whyNot={whyNot} />
      </TableCell>
    </TableRow>
  );
});

function LeadCell({ call, hot }: { call: BoardCall; hot: boolean }) {
  return (
    <div className="flex min-w-0 items-center gap-3">
      <span
        aria-hidden
        className={cn(
          "grid size-9 shrink-0 place-items-center rounded-full text-xs font-semibold",
          hot ? "magnificent-gradient" : "bg-accent text-accent-foreground",
        )}
      >
        {hot ? <Flame className="size-4" /> : initials(call.leadName)}
      </span>
      <div className="min-w-0">
        <p className="flex items-center gap-2">
          <InternalLink
            to={`/calls/${call.id}`}
            className="truncate font-medium hover:underline"
            title={call.leadName}
            data-testid={`call-link-${call.id}`}
          >
            {call.leadName}
          </InternalLink>
          {hot && (
            <Badge variant="hot" className="px-1.5 py-0 text-2xs uppercase tracking-wide">
              Hot
            </Badge>
          )}
        </p>
        <p className="truncate text-xs tabular-nums text-muted-foreground">{formatPhone(call.phoneNumber)}</p>
      </div>
    </div>
  );
}

function StatusBadge({ call }: { call: BoardCall }) {
  const variant = call.ended ? "outline" : STATUS_LOOKS[call.status].variant;
  return (
    <Badge variant={variant} className="max-w-full" data-testid="call-status" title={statusText(call)}>
      <span className="truncate">{statusText(call)}</span>
    </Badge>
  );
}

function statusText({ status, ended }: BoardCall): string {
  if (!ended) return STATUS_LOOKS[status].text;
  const outcome = ended.finalStatus ?? ended.reason;
  return outcome ? `Ended · ${outcomeText(outcome)}` : "Ended";
}

/** Time on the line since the answer; until then, how long it has been ringing, muted. */
function Duration({ call }: { call: BoardCall }) {
  const now = useServerNow();
  const since = call.answeredAt ?? call.startedAt;
  const seconds = call.ended ? call.ended.durationSec : (now - since) / 1000;
  return (
    <span
      data-testid="duration"
      className={cn(
        "text-sm tabular-nums",
        call.answeredAt === null ? "text-muted-foreground" : "font-medium",
      )}
    >
      {formatDuration(seconds)}
    </span>
  );
}

function PhaseCell({ call }: { call: BoardCall }) {
  if (call.phase === null) return <span className="text-xs text-muted-foreground">Not started</span>;
  return (
    <span className="flex min-w-0 items-center gap-2 text-sm" data-testid="phase">
      <span className="shrink-0 rounded bg-secondary px-1.5 py-0.5 text-2xs font-semibold tabular-nums text-secondary-foreground">
        {call.phase}
        <span className="font-normal text-muted-foreground">/12</span>
      </span>
      <span className="truncate">{call.phaseName ?? `Phase ${call.phase}`}</span>
    </span>
  );
}
