import { LoaderCircle, PhoneForwarded } from "lucide-react";
import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Label } from "@/components/ui/label";
import { Textarea } from "@/components/ui/textarea";
import type { BoardCall } from "@/features/calls/board";
import { HOT_SCORE, isHot } from "@/features/calls/heat";
import { formatScore } from "@/lib/format";

const NOTE_MAX = 500;

interface TransferDialogProps {
  call: BoardCall;
  /** What was typed before, for another attempt. */
  note: string;
  onNote: (note: string) => void;
  isBusy: boolean;
  problem: string | null;
  onStart: () => void;
  onClose: () => void;
}

export function TransferDialog({ call, note, onNote, isBusy, problem, onStart, onClose }: TransferDialogProps) {
  const id = useId();
  const isOver = call.ended !== null;
  const [isTouched, setTouched] = useState(false);

  function submit(event?: FormEvent): void {
    event?.preventDefault();
    if (!isBusy && !isOver) onStart();
  }

  function submitByKey(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  }

  return (
    <Dialog title={`Transfer ${call.leadName} to Kevin`} description={summaryOf(call)} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="flex items-baseline justify-between gap-3">
          <Label htmlFor={`${id}-note`}>Note, read to Kevin</Label>
          <span className="text-xs tabular-nums text-muted-foreground" aria-hidden>
            {note.length}/{NOTE_MAX}
          </span>
        </div>
        <Textarea
          id={`${id}-note`}
          className="mt-2"
          rows={3}
          maxLength={NOTE_MAX}
          value={note}
          aria-describedby={`${id}-hint`}
          placeholder="Wants to start this month, worries about the price"
          data-testid="transfer-note"
          onKeyDown={submitByKey}
          onChange={(event) => {
            setTouched(true);
            onNote(event.target.value);
          }}
        />
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-muted-foreground">
          Optional. He hears name, score, phase and the beginning of the note, then takes the call with a key. The
          lead keeps talking to the agent meanwhile.
        </p>
        {isOver && <Alert className="mt-4">The call has ended.</Alert>}
        {problem !== null && !isOver && (
          <Alert className="mt-4" data-testid="transfer-problem">
            {problem}
          </Alert>
        )}
        <DialogActions>
          <Button variant="outline" onClick={onClose}>
            {isTouched || problem ? "Close" : "Not now"}
          </Button>
          <Button
            type="submit"
            variant="magnificent"
            disabled={isOver}
            aria-disabled={isBusy}
            data-testid="transfer-start"
          >
            {isBusy ? <LoaderCircle className="animate-spin" aria-hidden /> : <PhoneForwarded aria-hidden />}
            {isBusy ? "Asking…" : "Ring Kevin"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function summaryOf({ score, phase, phaseName }: BoardCall): string {
  const parts = [
    score === null ? "No score yet" : `Score ${formatScore(score)}`,
    phase === null ? null : `phase ${phase}${phaseName ? ` ${phaseName}` : ""}`,
  ];
  const facts = parts.filter(Boolean).join(", ");
  return isHot(score) ? `${facts}.` : `${facts}. Not hot yet: leads from ${HOT_SCORE} on are.`;
}
