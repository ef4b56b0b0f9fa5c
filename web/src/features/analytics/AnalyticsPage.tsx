/*
 * How it goes: figures of a period beside the one before, the calls day by day, and how far leads came.
 */
import { useState } from "react";
import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { ScreenHead, Unfetched } from "@/components/ui/screen";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { formatCount, formatDuration, formatMoment, formatPercent, formatSlug } from "@/lib/format";
import type { Dashboard, DashboardFigures, Performance, Rate } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { CallsChart } from "./CallsChart";
import { Change } from "./Change";
import { fetchDashboard, fetchPerformance, type TimeRange } from "./requests";

const RANGES = [
  { value: "24h", text: "24 hours" },
  { value: "7d", text: "7 days" },
  { value: "30d", text: "30 days" },
  { value: "90d", text: "90 days" },
];

export default function AnalyticsPage() {
  const [range, setRange] = useState<TimeRange>("7d");
  const { data, problem, reload } = useFetched(
    () => Promise.all([fetchDashboard(range), fetchPerformance(range)]),
    range,
  );
  return (
    <div className="space-y-6">
      <ScreenHead title="Analytics" description="What the calls came to, beside the period before.">
        <Select
          aria-label="Period"
          className="w-40"
          options={RANGES}
          value={range}
          onChange={(event) => setRange(event.target.value as TimeRange)}
        />
      </ScreenHead>
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {!data && problem === null && <Skeleton className="h-96" />}
      {data && problem === null && <Figures dashboard={data[0]} performance={data[1]} />}
    </div>
  );
}

const FIGURES: readonly { name: keyof DashboardFigures; title: string; unit: "count" | "percent" }[] = [
  { name: "totalCalls", title: "Calls", unit: "count" },
  { name: "dailyTotal", title: "Calls today", unit: "count" },
  { name: "totalLeads", title: "Leads in all", unit: "count" },
  { name: "conversionRate", title: "Successful calls", unit: "percent" },
];

function Figures({ dashboard, performance }: { dashboard: Dashboard; performance: Performance }) {
  const { summary, period } = dashboard;
  return (
    <>
      <dl className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4" data-testid="figures">
        {FIGURES.map(({ name, title, unit }) => (
          <Card key={name} className="p-4 sm:p-5">
            <dt className="text-sm font-medium text-muted-foreground">{title}</dt>
            <dd className="mt-2 text-3xl font-semibold tabular-nums tracking-tight" data-testid={`figure-${name}`}>
              {unit === "percent" ? formatPercent(summary[name]) : formatCount(summary[name] ?? 0)}
            </dd>
            <dd className="mt-1 text-xs text-muted-foreground">
              <Change value={summary.delta[name]} unit={unit} />
            </dd>
          </Card>
        ))}
      </dl>
      <Card>
        <CardHeader className="border-b py-4">
          <CardTitle>Calls by day</CardTitle>
          <CardDescription>
            {formatMoment(period.from)} to {formatMoment(period.to)}; days are those of {period.timezone}.
          </CardDescription>
        </CardHeader>
        <CallsChart steps={dashboard.trends.calls} />
      </Card>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-2">
        <FunnelCard funnel={dashboard.funnel} />
        <RatesCard performance={performance} />
      </div>
    </>
  );
}

function FunnelCard({ funnel }: { funnel: Dashboard["funnel"] }) {
  return (
    <Card>
      <CardHeader className="border-b py-4">
        <CardTitle>Stages reached</CardTitle>
        <CardDescription>Of the leads created in the period, those who ever reached a stage.</CardDescription>
      </CardHeader>
      <ol className="space-y-3 p-5" data-testid="funnel">
        {funnel.map(({ stage, count, conversionRate }) => (
          <li key={stage} className="grid grid-cols-[8rem_minmax(0,1fr)_5.5rem] items-center gap-3 text-sm">
            <span className="truncate">{formatSlug(stage)}</span>
            <span className="h-2.5 overflow-hidden rounded-full bg-secondary" aria-hidden>
              <span className="block h-full rounded-full bg-primary" style={{ width: `${conversionRate ?? 0}%` }} />
            </span>
            <span className="text-right tabular-nums">
              {formatCount(count)}{" "}
              <span className="text-xs text-muted-foreground">{formatPercent(conversionRate)}</span>
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

const RATES: readonly { name: keyof Performance["rates"]; title: string; of: string }[] = [
  { name: "connect", title: "Answered by a person", of: "calls" },
  { name: "transfer", title: "Transferred to Kevin", of: "answered calls" },
  { name: "success", title: "Successful", of: "finished calls" },
];

function RatesCard({ performance }: { performance: Performance }) {
  const { rates, durations } = performance;
  return (
    <Card>
      <CardHeader className="border-b py-4">
        <CardTitle>Rates</CardTitle>
        <CardDescription>With the range in which the true rate lies, 19 times of 20.</CardDescription>
      </CardHeader>
      <dl className="divide-y" data-testid="rates">
        {RATES.map(({ name, title, of }) => (
          <div key={name} className="flex items-center justify-between gap-4 px-5 py-3">
            <dt>
              <p className="text-sm font-medium">{title}</p>
              <p className="text-xs text-muted-foreground">
                of {formatCount(rates[name].n)} {of}
              </p>
            </dt>
            <dd className="text-right tabular-nums">
              <p className="font-semibold">{formatPercent(rates[name].percent)}</p>
              <p className="text-xs text-muted-foreground">{intervalText(rates[name])}</p>
            </dd>
          </div>
        ))}
        <div className="flex items-center justify-between gap-4 px-5 py-3">
          <dt className="text-sm font-medium">Length of an answered call</dt>
          <dd className="text-right tabular-nums">
            <p className="font-semibold">{durations.avgSec === null ? "–" : formatDuration(durations.avgSec)}</p>
            <p className="text-xs text-muted-foreground">
              half under {durations.p50Sec === null ? "–" : formatDuration(durations.p50Sec)}
            </p>
          </dd>
        </div>
      </dl>
    </Card>
  );
}

function intervalText({ ci95 }: Rate): string {
  return ci95 === null ? "nothing to count" : `${formatPercent(ci95[0] * 100)} to ${formatPercent(ci95[1] * 100)}`;
}
