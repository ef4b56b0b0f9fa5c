import { EyeOff } from "lucide-react";
import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { formatSentence } from "@/lib/format";
import { Announcer } from "./Announcer";
import { CallTable } from "./CallTable";
import { useLive } from "./live";
import { RecentActivity } from "./RecentActivity";
import { SummaryCards } from "./SummaryCards";

export default function LiveBoard() {
  const { refusal } = useLive();
  return (
    <div className="space-y-6">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">Live board</h1>
        <p className="mt-1 text-sm text-muted-foreground">Every call on the floor, as it happens.</p>
      </div>
      {refusal !== null && (
        <p
          role="note"
          className="flex items-center gap-2 rounded-lg border bg-card p-3 text-sm text-muted-foreground"
        >
          <EyeOff className="size-4 shrink-0" aria-hidden />
          <span>No live monitoring: {formatSentence(refusal)} The list is renewed every few seconds.</span>
        </p>
      )}
      <SummaryCards />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 2xl:grid-cols-[minmax(0,1fr)_20rem]">
        <Card className="self-start overflow-hidden">
          <CardHeader className="border-b py-4">
            <CardTitle>Active calls</CardTitle>
            <CardDescription>Hot leads first, then the newest.</CardDescription>
          </CardHeader>
          <CallTable />
        </Card>
        <RecentActivity />
      </div>
      <Announcer />
    </div>
  );
}
