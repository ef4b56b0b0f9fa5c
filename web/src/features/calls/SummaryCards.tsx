import { Cpu, Flame, PhoneCall, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { KevinCard } from "@/features/kevin/KevinCard";
import { formatShare } from "@/lib/format";
import { cn } from "@/lib/utils";
import { isHot } from "./heat";
import { useLive } from "./live";

export function SummaryCards() {
  const { board } = useLive();
  const live = Object.values(board.calls).filter((call) => call.ended === null);
  const hot = live.filter((call) => isHot(call.score)).length;
  const talking = live.filter((call) => call.answeredAt !== null).length;
  return (
    <div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
      <StatCard
        title="Active calls"
        icon={PhoneCall}
        testId="active-count"
        value={<span className="text-magnificent-primary">{board.isLoaded ? live.length : "–"}</span>}
        note={board.isLoaded ? `${talking} on the line` : "Loading"}
      />
      <StatCard
        title="Hot calls"
        icon={Flame}
        testId="hot-count"
        value={<span className={cn(hot > 0 && "text-hot")}>{board.isLoaded ? hot : "–"}</span>}
        note="Score 85 and above"
      />
      <KevinCard />
      <LoadCard load={board.system?.systemLoad ?? null} />
    </div>
  );
}

interface StatCardProps {
  title: string;
  icon: LucideIcon;
  testId: string;
  value: ReactNode;
  note: ReactNode;
}

function StatCard({ title, icon: Icon, testId, value, note }: StatCardProps) {
  return (
    <Card className="flex min-w-0 flex-col gap-3 p-4 sm:p-5">
      <div className="flex h-6 items-center justify-between gap-2">
        <h2 className="text-sm font-medium text-muted-foreground">{title}</h2>
        <Icon className="size-4 text-muted-foreground" aria-hidden />
      </div>
      <div>
        <p className="text-3xl font-semibold tabular-nums tracking-tight" data-testid={testId}>
          {value}
        </p>
        <div className="mt-1 flex min-h-4 items-center text-xs text-muted-foreground">{note}</div>
      </div>
    </Card>
  );
}

function LoadCard({ load }: { load: number | null }) {
  const share = load ?? 0;
  const colour = share >= 0.9 ? "bg-destructive" : share >= 0.7 ? "bg-warm" : "bg-success";
  return (
    <StatCard
      title="System load"
      icon={Cpu}
      testId="system-load"
      value={load === null ? "–" : formatShare(load)}
      note={
        <div
          role="meter"
          aria-label="System load"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          className="h-1.5 w-full overflow-hidden rounded-full bg-secondary"
        >
          <div
            className={cn("h-full rounded-full transition-[width] duration-500", colour)}
            style={{ width: formatShare(share) }}
          />
        </div>
      }
    />
  );
}
