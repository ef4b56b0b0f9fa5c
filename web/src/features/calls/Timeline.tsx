import {
  ArrowRight,
  Circle,
  Flame,
  PhoneCall,
  PhoneForwarded,
  PhoneIncoming,
  PhoneOff,
  UserCheck,
  type LucideIcon,
} from "lucide-react";
import { useMemo } from "react";
import { formatDuration } from "@/lib/format";
import type { CallDetail } from "@/lib/types";
import { cn } from "@/lib/utils";
import { timelineRows, type StepTone, type TimelineRow } from "./timeline-rows";

const ICONS: Record<string, LucideIcon> = {
  started: PhoneCall,
  ringing: PhoneCall,
  answered: PhoneIncoming,
  phase: ArrowRight,
  hot: Flame,
  transfer: PhoneForwarded,
  transfer_answered: PhoneIncoming,
  transfer_joined: UserCheck,
  transfer_ended: PhoneForwarded,
  ended: PhoneOff,
};

const TONES: Record<StepTone, string> = {
  plain: "text-muted-foreground",
  good: "text-success",
  bad: "text-destructive",
  hot: "text-hot",
};

export function Timeline({ call }: { call: CallDetail }) {
  const rows = useMemo(() => timelineRows(call), [call]);
  const start = Date.parse(call.startTime);
  return (
    <ol className="space-y-3 p-5" data-testid="timeline">
      {rows.map((row, i) => (
        <Step key={`${row.at} ${row.kind} ${i}`} row={row} start={start} />
      ))}
    </ol>
  );
}

function Step({ row, start }: { row: TimelineRow; start: number }) {
  const Icon = ICONS[row.kind] ?? Circle;
  return (
    <li className="flex min-w-0 items-start gap-3">
      <Icon className={cn("mt-0.5 size-4 shrink-0", TONES[row.tone])} aria-hidden />
      <div className="min-w-0 flex-1">
        <p className={cn("text-sm font-medium", row.tone === "bad" && "text-destructive")}>{row.title}</p>
        {row.detail && <p className="text-xs text-muted-foreground">{row.detail}</p>}
      </div>
      <time dateTime={row.at} className="shrink-0 pt-0.5 text-2xs tabular-nums text-muted-foreground">
        {formatDuration((Date.parse(row.at) - start) / 1000)}
      </time>
    </li>
  );
}
