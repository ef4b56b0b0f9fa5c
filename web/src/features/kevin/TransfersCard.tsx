import { useEffect, useState } from "react";
import { Badge, type BadgeVariant } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { InternalLink } from "@/components/ui/internal-link";
import { Pager } from "@/components/ui/pager";
import { Unfetched } from "@/components/ui/screen";
import { Skeleton } from "@/components/ui/skeleton";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { useLive } from "@/features/calls/live";
import { reasonText, stageOf, transferText } from "@/features/transfers/states";
import { formatDuration, formatMoment, formatScore } from "@/lib/format";
import type { ConversionResult, TransferSummary } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { OutcomeDialog } from "./OutcomeDialog";
import { fetchTransfers } from "./requests";

const PAGE_SIZE = 10;

const RESULTS: Record<ConversionResult, { text: string; variant: BadgeVariant }> = {
  scheduled: { text: "Meeting scheduled", variant: "success" },
  closed: { text: "Closed", variant: "success" },
  followup: { text: "To follow up", variant: "warning" },
  declined: { text: "Not interested", variant: "secondary" },
};

export function TransfersCard() {
  const [page, setPage] = useState(1);
  const { data, problem, reload } = useFetched(() => fetchTransfers(page, PAGE_SIZE), String(page));
  const [open, setOpen] = useState<TransferSummary | null>(null);
  const { feed } = useLive();

  // A transfer that begins or ends belongs here at once.
  useEffect(
    () =>
      feed.subscribe((event) => {
        if (event.type === "call:transfer") reload();
      }),
    [feed, reload],
  );

  return (
    <Card className="overflow-hidden">
      <CardHeader className="border-b py-4">
        <CardTitle>Transfers</CardTitle>
      </CardHeader>
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {!data && problem === null && <Skeleton className="m-5 h-40" />}
      {data?.items.length === 0 && (
        <p className="px-6 py-16 text-center text-sm text-muted-foreground">Nobody was transferred yet.</p>
      )}
      {data && data.items.length > 0 && (
        <>
          <ul className="divide-y" data-testid="transfers">
            {data.items.map((transfer) => (
              <TransferItem key={transfer.id} transfer={transfer} onOutcome={() => setOpen(transfer)} />
            ))}
          </ul>
          <Pager pagination={data.pagination} onPage={setPage} />
        </>
      )}
      {open && (
        <OutcomeDialog
          transfer={open}
          onClose={() => setOpen(null)}
          onSaved={() => {
            setOpen(null);
            reload();
          }}
        />
      )}
    </Card>
  );
}

function TransferItem({ transfer, onOutcome }: { transfer: TransferSummary; onOutcome: () => void }) {
  const { role } = useUser();
  const { leadName, callId, state, failureReason, initiatedAt, joinedAt, durationSec, conversionResult } = transfer;
  const reason = reasonText(state, failureReason);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4" data-testid={`transfer-item-${transfer.id}`}>
      <div className="min-w-0 flex-1 basis-60">
        <InternalLink to={`/calls/${callId}`} className="font-medium hover:underline">
          {leadName}
        </InternalLink>
        <p className="text-xs text-muted-foreground">
          {formatMoment(initiatedAt)} · Score {formatScore(transfer.engagementScoreAtTransfer)}
          {joinedAt && ` · ${formatDuration(durationSec)} with Kevin`}
        </p>
        {transfer.note && <p className="mt-1 break-words text-sm">“{transfer.note}”</p>}
        {transfer.notes && <p className="mt-1 whitespace-pre-wrap break-words text-sm">{transfer.notes}</p>}
      </div>
      <div className="flex flex-col items-start gap-1.5 sm:items-end">
        <Badge variant={stageOf(state) === "failed" ? "destructive" : joinedAt ? "success" : "default"}>
          {transferText(state)}
        </Badge>
        {reason && <span className="text-xs text-muted-foreground">{reason}</span>}
        {conversionResult && (
          <Badge variant={RESULTS[conversionResult].variant}>
            {RESULTS[conversionResult].text}
            {transfer.kevinRating !== null && ` · ${transfer.kevinRating}/10`}
          </Badge>
        )}
        {joinedAt && may(role, "transfers:outcome") && (
          <Button variant="outline" size="sm" aria-label={`Outcome of the transfer of ${leadName}`} onClick={onOutcome}>
            {conversionResult ? "Correct" : "What came of it?"}
          </Button>
        )}
      </div>
    </li>
  );
}
