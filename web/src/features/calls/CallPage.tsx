/*
 * One call: what is said, how warm the lead is, what happened, the transfer and the recording.
 */
import type { ReactNode } from "react";
import type { ScreenProps } from "@/app/screens";
import { BackLink } from "@/components/ui/back-link";
import { Badge } from "@/components/ui/badge";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { InternalLink } from "@/components/ui/internal-link";
import { Skeleton } from "@/components/ui/skeleton";
import { RecordingCard } from "@/features/recordings/RecordingCard";
import { TransferCell } from "@/features/transfers/TransferCell";
import { TransferStatus } from "@/features/transfers/TransferStatus";
import { useServerNow } from "@/lib/clock";
import { formatDuration, formatPhone } from "@/lib/format";
import type { CallDetail } from "@/lib/types";
import { transferFacts, transferOffer } from "./board";
import { useLive } from "./live";
import { ScoreChart } from "./ScoreChart";
import { ScoreMeter } from "./ScoreMeter";
import { outcomeText, STATUS_LOOKS } from "./status";
import { Timeline } from "./Timeline";
import { Transcript } from "./Transcript";
import { useCallDetail } from "./useCallDetail";

export default function CallPage({ params }: ScreenProps) {
  const { id = "" } = params;
  return (
    <div className="space-y-6">
      <div className="flex gap-5">
        <BackLink to="/" text="Live board" />
        <BackLink to="/calls" text="Calls" />
      </div>
      <OneCall key={id} id={id} />
    </div>
  );
}

function OneCall({ id }: { id: string }) {
  const { call, problem } = useCallDetail(id);
  if (call) return <Known call={call} />;
  if (problem !== null) {
    return (
      <div className="py-20 text-center" role="alert">
        <h1 className="text-xl font-semibold">This call cannot be shown</h1>
        <p className="mt-2 text-sm text-muted-foreground">{problem}</p>
      </div>
    );
  }
  return (
    <div className="space-y-6" role="status" aria-label="Loading the call">
      <Skeleton className="h-28" />
      <Skeleton className="h-72" />
    </div>
  );
}

function Known({ call }: { call: CallDetail }) {
  const isLive = call.endTime === null;
  return (
    <>
      <Head call={call} isLive={isLive} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem] lg:grid-rows-[auto_1fr]">
        <div className="empty:hidden lg:col-start-2">
          <TransferCard call={call} />
        </div>
        <div className="space-y-6 lg:col-start-1 lg:row-span-2 lg:row-start-1">
          <Section title="Transcript">
            <Transcript call={call} isLive={isLive} />
          </Section>
          <Section title="Engagement">
            <ScoreChart call={call} />
          </Section>
        </div>
        <div className="space-y-6 lg:col-start-2">
          <RecordingCard call={call} />
          <Section title="Timeline">
            <Timeline call={call} />
          </Section>
        </div>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card className="overflow-hidden">
      <CardHeader className="border-b py-4">
        <CardTitle>{title}</CardTitle>
      </CardHeader>
      {children}
    </Card>
  );
}

function Head({ call, isLive }: { call: CallDetail; isLive: boolean }) {
  return (
    <Card className="flex flex-col gap-4 p-5 sm:flex-row sm:items-center sm:gap-6">
      <div className="min-w-0 flex-1">
        <h1 className="truncate text-2xl font-semibold tracking-tight">{call.leadName}</h1>
        <p className="mt-1 text-sm tabular-nums text-muted-foreground">
          {formatPhone(call.phoneNumber)} ·{" "}
          <InternalLink to={`/leads/${call.leadId}`} className="font-medium text-primary hover:underline">
            Open the lead
          </InternalLink>
        </p>
        <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
          <StatusBadge call={call} isLive={isLive} />
          <span className="text-sm tabular-nums" data-testid="duration">
            {isLive ? <Ticking call={call} /> : formatDuration(call.durationSec)}
          </span>
          {call.phase !== null && (
            <span className="text-sm text-muted-foreground" data-testid="phase">
              Phase {call.phase}/12{call.phaseName ? `, ${call.phaseName}` : ""}
            </span>
          )}
        </div>
      </div>
      <div className="w-full sm:w-64">
        <p className="mb-1 text-xs text-muted-foreground">Engagement</p>
        <ScoreMeter score={call.score} leadName={call.leadName} />
      </div>
    </Card>
  );
}

function StatusBadge({ call, isLive }: { call: CallDetail; isLive: boolean }) {
  const { text, variant } = STATUS_LOOKS[call.status];
  const outcome = call.finalStatus ?? call.endReason;
  return (
    <Badge variant={isLive ? variant : "outline"} data-testid="call-status">
      {isLive ? text : ["Ended", outcome && outcomeText(outcome)].filter(Boolean).join(" · ")}
    </Badge>
  );
}

function Ticking({ call }: { call: CallDetail }) {
  const now = useServerNow();
  return formatDuration((now - Date.parse(call.answeredAt ?? call.startTime)) / 1000);
}

/** A live call is on the board, too, and there it says what can be done; of one that is over only the result is left. */
function TransferCard({ call }: { call: CallDetail }) {
  const { board } = useLive();
  const live = call.endTime === null ? board.calls[call.id] : undefined;
  const offer = live ? transferOffer(board, live) : null;
  if (!call.transfer && (!offer || offer.kind === "none")) return null;
  return (
    <Section title="Transfer to Kevin">
      <div className="p-5">
        {live && offer ? (
          <TransferCell call={live} offer={offer.kind} whyNot={offer.kind === "closed" ? offer.why : null} />
        ) : (
          call.transfer && (
            <TransferStatus
              facts={transferFacts(call.transfer)}
              leadName={call.leadName}
              isOver
              onCancel={null}
              isBusy={false}
            />
          )
        )}
      </div>
    </Section>
  );
}
