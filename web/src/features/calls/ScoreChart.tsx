import { useMemo } from "react";
import { formatScore } from "@/lib/format";
import type { CallDetail, EngagementReport } from "@/lib/types";
import { HOT_SCORE } from "./heat";

const WIDTH = 600;
const HEIGHT = 120;
/** More points than this would not be told apart. */
const POINTS_MAX = 300;

const yOf = (score: number): number => HEIGHT - (score / 100) * HEIGHT;

/** The score from report to report, and the line from which a lead is hot. */
export function ScoreChart({ call }: { call: CallDetail }) {
  const { indicators, peak } = call.engagement;
  const path = useMemo(() => linePath(indicators), [indicators]);
  if (indicators.length < 2) {
    return <p className="p-5 text-sm text-muted-foreground">The score is drawn once it was reported twice.</p>;
  }
  const last = indicators.at(-1);
  return (
    <figure className="p-5">
      <svg
        role="img"
        aria-label={`Engagement over the call: ${indicators.length} reports, now ${formatScore(last?.score ?? null)}, peak ${formatScore(peak)}`}
        viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`}
        preserveAspectRatio="none"
        className="h-28 w-full overflow-visible"
        data-testid="score-chart"
      >
        <line
          x1={0}
          x2={WIDTH}
          y1={yOf(HOT_SCORE)}
          y2={yOf(HOT_SCORE)}
          className="stroke-hot/60"
          strokeDasharray="4 4"
          vectorEffect="non-scaling-stroke"
        />
        <line
          x1={0}
          x2={WIDTH}
          y1={HEIGHT}
          y2={HEIGHT}
          className="stroke-border"
          vectorEffect="non-scaling-stroke"
        />
        <path
          d={path}
          fill="none"
          className="stroke-primary"
          strokeWidth={2}
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <figcaption className="mt-2 flex justify-between text-xs text-muted-foreground">
        <span>Hot from {HOT_SCORE} on (dashed)</span>
        <span>Peak {formatScore(peak)}</span>
      </figcaption>
    </figure>
  );
}

function linePath(reports: readonly EngagementReport[]): string {
  const step = Math.ceil(reports.length / POINTS_MAX);
  const points = reports.filter((_, i) => i % step === 0 || i === reports.length - 1);
  const times = points.map(({ timestamp }) => Date.parse(timestamp));
  const [first = 0] = times;
  const span = Math.max((times.at(-1) ?? 0) - first, 1);
  return points
    .map(({ score }, i) => {
      const x = (((times[i] ?? first) - first) / span) * WIDTH;
      return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${yOf(score).toFixed(1)}`;
    })
    .join(" ");
}
