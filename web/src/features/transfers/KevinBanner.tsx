import { PhoneIncoming } from "lucide-react";
import { InternalLink } from "@/components/ui/internal-link";
import { useUser } from "@/features/auth/session";
import type { BoardCall } from "@/features/calls/board";
import { useLive } from "@/features/calls/live";
import { formatScore } from "@/lib/format";
import type { TransferState } from "@/lib/types";
import { holdsKevin } from "./states";

const WORDS: Partial<Record<TransferState, { title: string; advice: string }>> = {
  dialing: { title: "Your telephone is ringing", advice: "Take it to hear who is on the line." },
  screening: { title: "You have answered", advice: "One moment." },
  briefing: { title: "Press 1 to take the call", advice: "Hang up to leave it with the agent." },
  joining: { title: "You are being joined", advice: "One moment." },
  joined: { title: "You are on the line", advice: "The agent has left." },
};

/** Tells Kevin, while his telephone rings and while he talks, whom it is about; nobody else. */
export function KevinBanner() {
  const { board } = useLive();
  const { role } = useUser();
  const call = Object.values(board.calls).find(
    ({ transfer, ended }) => !ended && transfer && holdsKevin(transfer.state),
  );
  const words = call?.transfer && WORDS[call.transfer.state];
  if (role !== "kevin") return null;
  return (
    <div aria-live="assertive" data-testid="kevin-banner">
      {call && words && (
        <div className="magnificent-gradient mb-6 flex items-center gap-4 rounded-lg p-4 shadow-raised sm:p-5">
          <PhoneIncoming className="size-6 shrink-0" aria-hidden />
          <div className="min-w-0">
            <p className="font-semibold">
              {words.title}:{" "}
              <InternalLink to={`/calls/${call.id}`} className="underline underline-offset-4">
                {call.leadName}
              </InternalLink>
            </p>
            <p className="text-sm">
              {factsOf(call)} {words.advice}
            </p>
          </div>
        </div>
      )}
    </div>
  );
}

function factsOf({ score, phase, phaseName }: BoardCall): string {
  const parts = [score !== null && `Score ${formatScore(score)}`, phase !== null && (phaseName ?? `phase ${phase}`)];
  return `${parts.filter(Boolean).join(", ")}.`;
}
