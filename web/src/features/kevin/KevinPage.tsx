/*
 * Kevin's page: whether he takes transfers, his hours, and what came of those he took.
 */
import { ScreenHead } from "@/components/ui/screen";
import { AvailabilityCard } from "./AvailabilityCard";
import { ScheduleCard } from "./ScheduleCard";
import { TransfersCard } from "./TransfersCard";

export default function KevinPage() {
  return (
    <div className="space-y-6">
      <ScreenHead title="Kevin" description="When he takes transfers, and what came of them." />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 xl:grid-cols-[minmax(0,1fr)_26rem] xl:grid-rows-[auto_1fr]">
        <div className="xl:col-start-2">
          <AvailabilityCard />
        </div>
        <div className="xl:col-start-1 xl:row-span-2 xl:row-start-1">
          <TransfersCard />
        </div>
        <div className="xl:col-start-2">
          <ScheduleCard />
        </div>
      </div>
    </div>
  );
}
