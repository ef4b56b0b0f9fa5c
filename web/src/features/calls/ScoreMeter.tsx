import { formatScore } from "@/lib/format";
import { cn } from "@/lib/utils";
import { heatOf, type Heat } from "./heat";

const FILL: Record<Heat, string> = {
  hot: "magnificent-gradient",
  warm: "bg-warm",
  cold: "bg-cold",
};

const FIGURE: Record<Heat, string> = {
  hot: "text-hot",
  warm: "text-warm",
  cold: "text-foreground",
};

/** A score as a figure and a bar; colour says hot, warm or cold, and so does the accessible value. */
export function ScoreMeter({ score, leadName }: { score: number | null; leadName: string }) {
  const heat = heatOf(score);
  const value = score ?? 0;
  return (
    <div className="flex items-center gap-3">
      <span
        data-testid="score"
        className={cn(
          "w-9 text-right text-base font-semibold tabular-nums",
          score === null ? "text-muted-foreground" : FIGURE[heat],
        )}
      >
        {formatScore(score)}
      </span>
      <div
        role="meter"
        aria-label={`Engagement of ${leadName}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={value}
        aria-valuetext={score === null ? "no score yet" : `${formatScore(score)} of 100, ${heat}`}
        className="h-2 min-w-20 flex-1 overflow-hidden rounded-full bg-secondary"
      >
        <div
          className={cn("h-full rounded-full transition-[width] duration-500 ease-out", FILL[heat])}
          style={{ width: `${value}%` }}
        />
      </div>
    </div>
  );
}
