import { formatCount, formatDay } from "@/lib/format";
import type { Dashboard } from "@/lib/types";

type Step = Dashboard["trends"]["calls"][number];

/** Calls of each day as a bar, the connected ones in it; the figures are in the table below for who cannot see it. */
export function CallsChart({ steps }: { steps: readonly Step[] }) {
  const most = Math.max(0, ...steps.map(({ calls }) => calls));
  return (
    <figure className="relative p-5">
      <div className="flex h-44 items-end gap-px sm:gap-1" aria-hidden data-testid="calls-chart">
        {steps.map((step) => (
          <Bar key={step.date} step={step} most={most} />
        ))}
      </div>
      <div className="mt-2 flex justify-between text-2xs tabular-nums text-muted-foreground" aria-hidden>
        <span>{formatDay(steps[0]?.date ?? "")}</span>
        <span>{formatDay(steps.at(-1)?.date ?? "")}</span>
      </div>
      <figcaption className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-xs text-muted-foreground">
        <span className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-sm bg-primary/30" aria-hidden /> Calls
        </span>
        <span className="flex items-center gap-1.5">
          <span className="size-2.5 rounded-sm bg-primary" aria-hidden /> Answered by a person
        </span>
        <span className="ml-auto">Most on a day: {formatCount(most)}</span>
      </figcaption>
      <div className="sr-only">
        <table>
          <caption>Calls by day</caption>
          <thead>
            <tr>
              {["Day", "Calls", "Answered", "Transferred", "Successful"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.map(({ date, calls, connected, transfers, successful }) => (
              <tr key={date}>
                <th scope="row">{formatDay(date)}</th>
                <td>{calls}</td>
                <td>{connected}</td>
                <td>{transfers}</td>
                <td>{successful}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Bar({ step, most }: { step: Step; most: number }) {
  const { date, calls, connected, transfers } = step;
  const title = `${formatDay(date)}: ${formatCount(calls)} calls, ${formatCount(connected)} answered, ${formatCount(transfers)} transferred`;
  return (
    <div
      className="relative min-w-0 flex-1 overflow-hidden rounded-t bg-primary/30"
      style={{ height: most === 0 ? 0 : `${(calls / most) * 100}%` }}
      title={title}
    >
      <div
        className="absolute inset-x-0 bottom-0 bg-primary"
        style={{ height: calls === 0 ? 0 : `${(connected / calls) * 100}%` }}
      />
    </div>
  );
}
