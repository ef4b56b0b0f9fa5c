import { Flame, PhoneCall, PhoneForwarded, PhoneOff, UserPlus, UserRound, type LucideIcon } from "lucide-react";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { useServerNow } from "@/lib/clock";
import { formatAgo } from "@/lib/format";
import { cn } from "@/lib/utils";
import type { Notice, NoticeKind } from "./board";
import { useLive } from "./live";
import { noticeWords } from "./notices";

const SHOWN_MAX = 10;

const MARKS: Record<NoticeKind, { icon: LucideIcon; colour: string }> = {
  "call-started": { icon: PhoneCall, colour: "text-primary" },
  "call-hot": { icon: Flame, colour: "text-hot" },
  "call-ended": { icon: PhoneOff, colour: "text-muted-foreground" },
  transfer: { icon: PhoneForwarded, colour: "text-magnificent-primary" },
  "lead-created": { icon: UserPlus, colour: "text-success" },
  "kevin-changed": { icon: UserRound, colour: "text-warm" },
};

export function RecentActivity() {
  const { board } = useLive();
  const notices = board.notices.slice(0, SHOWN_MAX);
  return (
    <Card className="self-start overflow-hidden">
      <CardHeader className="border-b py-4">
        <CardTitle>Recent activity</CardTitle>
      </CardHeader>
      {notices.length === 0 ? (
        <p className="p-5 text-sm text-muted-foreground">What happens on the floor is listed here.</p>
      ) : (
        <ol className="grid gap-x-6 py-2 md:grid-cols-2 2xl:grid-cols-1">
          {notices.map((notice) => (
            <ActivityItem key={notice.id} notice={notice} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function ActivityItem({ notice }: { notice: Notice }) {
  const now = useServerNow();
  const { icon: Icon, colour } = MARKS[notice.kind];
  const { title, description } = noticeWords(notice);
  return (
    <li className="flex min-w-0 animate-enter items-start gap-3 px-5 py-2">
      <Icon className={cn("mt-0.5 size-4 shrink-0", colour)} aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">{title}</p>
        <p className="truncate text-xs text-muted-foreground">{description}</p>
      </div>
      <span className="shrink-0 pt-0.5 text-2xs tabular-nums text-muted-foreground">
        {formatAgo(notice.at, now)}
      </span>
    </li>
  );
}
