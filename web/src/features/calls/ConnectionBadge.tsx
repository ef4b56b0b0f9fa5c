import type { LinkState } from "@/lib/socket";
import { cn } from "@/lib/utils";
import { useLive } from "./live";

const LOOKS: Record<LinkState, { text: string; dot: string }> = {
  live: { text: "Live", dot: "bg-success" },
  connecting: { text: "Connecting", dot: "bg-warm" },
  reconnecting: { text: "Reconnecting", dot: "bg-destructive" },
};

export function ConnectionBadge() {
  const { link } = useLive();
  const { text, dot } = LOOKS[link];
  return (
    <span
      role="status"
      data-testid="connection"
      data-state={link}
      className="flex items-center gap-2 rounded-full border bg-card px-2.5 py-1 text-xs font-medium"
    >
      <span className="relative grid size-2 place-items-center" aria-hidden>
        {link === "live" && <span className={cn("absolute size-2 animate-beacon rounded-full", dot)} />}
        <span className={cn("size-2 rounded-full", dot)} />
      </span>
      {text}
    </span>
  );
}
