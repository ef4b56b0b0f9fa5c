/*
 * Everything about bringing Kevin into one call: the button, the dialog, the states as they come, the result.
 */
import { PhoneForwarded, RotateCcw, UserX } from "lucide-react";
import { useRef, useState } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import type { BoardCall, TransferOffer } from "@/features/calls/board";
import { isHot } from "@/features/calls/heat";
import { cn } from "@/lib/utils";
import { mayCancel, stageOf } from "./states";
import { TransferDialog } from "./TransferDialog";
import { TransferStatus } from "./TransferStatus";
import { useTransfer } from "./useTransfer";

export interface TransferCellProps {
  call: BoardCall;
  offer: TransferOffer["kind"];
  /** Why Kevin cannot come, where the offer is closed. */
  whyNot: string | null;
}

export function TransferCell({ call, offer, whyNot }: TransferCellProps) {
  const { role } = useUser();
  const transfer = useTransfer(call.id);
  const [isOpen, setOpen] = useState(false);
  const [note, setNote] = useState("");
  const place = useRef<HTMLDivElement>(null);
  const mayAct = may(role, "transfers:start");

  async function start(): Promise<void> {
    if (!(await transfer.start(note.trim()))) return;
    setOpen(false);
    // The button that had the focus is gone.
    place.current?.focus();
  }

  function open(): void {
    transfer.forgetProblem();
    setOpen(true);
  }

  const facts = call.transfer;
  const canCancel = mayAct && facts !== null && !call.ended && mayCancel(facts.state);
  return (
    <div ref={place} tabIndex={-1} className="flex min-w-0 flex-col items-stretch gap-2 outline-none">
      {facts && (
        <TransferStatus
          facts={facts}
          leadName={call.leadName}
          isOver={call.ended !== null}
          onCancel={canCancel ? () => void transfer.cancel() : null}
          isBusy={transfer.isBusy}
        />
      )}
      {transfer.problem !== null && !isOpen && <Alert className="p-2 text-xs">{transfer.problem}</Alert>}
      {mayAct && offer === "open" && <OpenButton call={call} onOpen={open} />}
      {mayAct && offer === "closed" && <ClosedNote why={whyNot ?? ""} />}
      {isOpen && (
        <TransferDialog
          call={call}
          note={note}
          onNote={setNote}
          isBusy={transfer.isBusy}
          problem={transfer.problem}
          onStart={() => void start()}
          onClose={() => setOpen(false)}
        />
      )}
    </div>
  );
}

function OpenButton({ call, onOpen }: { call: BoardCall; onOpen: () => void }) {
  const isAgain = call.transfer !== null && stageOf(call.transfer.state) === "failed";
  const isUrgent = isHot(call.score) && !isAgain;
  const Icon = isAgain ? RotateCcw : PhoneForwarded;
  return (
    <Button
      variant={isUrgent ? "magnificent" : "outline"}
      size="sm"
      className={cn("w-full px-4", isUrgent && "h-9")}
      aria-label={`Transfer ${call.leadName} to Kevin${isAgain ? " again" : ""}`}
      aria-haspopup="dialog"
      data-testid={`transfer-${call.id}`}
      data-urgent={isUrgent ? "true" : undefined}
      onClick={onOpen}
    >
      <Icon aria-hidden />
      {isAgain ? "Try again" : "Transfer to Kevin"}
    </Button>
  );
}

function ClosedNote({ why }: { why: string }) {
  return (
    <p className="flex items-center gap-2.5 text-left text-xs text-muted-foreground" data-testid="transfer-closed">
      <UserX className="size-4 shrink-0" aria-hidden />
      <span className="min-w-0">{why}</span>
    </p>
  );
}
