import {
  Check,
  CircleSlash,
  Headphones,
  LogOut,
  Merge,
  PhoneCall,
  PhoneMissed,
  PhoneOff,
  TriangleAlert,
  UserCheck,
  Voicemail,
  type LucideIcon,
} from "lucide-react";
import { Button } from "@/components/ui/button";
import { useServerNow } from "@/lib/clock";
import { formatDuration } from "@/lib/format";
import type { TransferState } from "@/lib/types";
import { cn } from "@/lib/utils";
import { holdsKevin, reasonText, stageOf, transferText, type TransferFacts } from "./states";

/** Each state has a shape of its own, so that colour is never all that tells them apart. */
const ICONS: Record<TransferState, LucideIcon> = {
  requested: PhoneCall,
  dialing: PhoneCall,
  screening: Headphones,
  briefing: Headphones,
  joining: Merge,
  joined: UserCheck,
  ended: Check,
  declined: PhoneOff,
  no_answer: PhoneMissed,
  busy: PhoneOff,
  voicemail: Voicemail,
  lead_left: LogOut,
  failed: TriangleAlert,
  canceled: CircleSlash,
};

const COLOURS = {
  "under-way": "text-primary",
  joined: "text-success",
  over: "text-muted-foreground",
  failed: "text-destructive",
};

interface TransferStatusProps {
  facts: TransferFacts;
  leadName: string;
  /** The call has ended: the clock stands. */
  isOver: boolean;
  onCancel: (() => void) | null;
  isBusy: boolean;
}

export function TransferStatus({ facts, leadName, isOver, onCancel, isBusy }: TransferStatusProps) {
  const stage = stageOf(facts.state);
  const Icon = ICONS[facts.state];
  const reason = reasonText(facts.state, facts.failureReason);
  return (
    <div className="flex min-w-0 items-center gap-2.5 text-left" data-testid="transfer-status" data-state={facts.state}>
      <Icon
        className={cn("size-4 shrink-0", COLOURS[stage], stage === "under-way" && !isOver && "animate-pulse")}
        aria-hidden
      />
      <div className="min-w-0 flex-1">
        <p className={cn("text-sm font-medium leading-snug", stage === "failed" && "text-destructive")}>
          {transferText(facts.state)}
        </p>
        {holdsKevin(facts.state) && !isOver && <Clock since={facts.since} />}
        {reason && <p className="text-xs leading-snug text-muted-foreground">{reason}</p>}
      </div>
      {onCancel && (
        <Button
          variant="outline"
          size="sm"
          className="px-2.5"
          aria-label={`Cancel the transfer of ${leadName}`}
          aria-disabled={isBusy}
          data-testid="transfer-cancel"
          onClick={onCancel}
        >
          Cancel
        </Button>
      )}
    </div>
  );
}

/** How long it has been in this state. */
function Clock({ since }: { since: number }) {
  const now = useServerNow();
  return <p className="text-xs tabular-nums text-muted-foreground">{formatDuration((now - since) / 1000)}</p>;
}
