import { useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { fieldProblem, problemText } from "@/lib/problem";
import type { ConversionResult, TransferSummary } from "@/lib/types";
import { recordOutcome, type Outcome } from "./requests";

const CHOICES = [
  { value: "", text: "Choose…" },
  { value: "scheduled", text: "Meeting scheduled" },
  { value: "closed", text: "Closed" },
  { value: "followup", text: "To follow up" },
  { value: "declined", text: "Not interested" },
];

const RATINGS = [
  { value: "", text: "None" },
  ...Array.from({ length: 10 }, (_, i) => ({ value: String(i + 1), text: `${i + 1} of 10` })),
];

interface OutcomeDialogProps {
  transfer: TransferSummary;
  onClose: () => void;
  onSaved: () => void;
}

export function OutcomeDialog({ transfer, onClose, onSaved }: OutcomeDialogProps) {
  const [result, setResult] = useState<string>(transfer.conversionResult ?? "");
  const [rating, setRating] = useState(transfer.kevinRating === null ? "" : String(transfer.kevinRating));
  const [notes, setNotes] = useState(transfer.notes ?? "");
  const [followup, setFollowup] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy || result === "") return;
    setBusy(true);
    setError(null);
    try {
      await recordOutcome({ ...outcomeOf(rating, notes, followup), transferId: transfer.id, conversionResult: result as ConversionResult });
      onSaved();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={`What came of ${transfer.leadName}?`}
      description="The lead moves to where the result belongs. It may be corrected later."
      onClose={onClose}
    >
      <form onSubmit={(event) => void submit(event)} noValidate className="space-y-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Result" problem={fieldProblem(error, "conversionResult")}>
            <Select
              className="w-full"
              options={CHOICES}
              value={result}
              onChange={(event) => setResult(event.target.value)}
            />
          </Field>
          <Field label="How good a lead" problem={fieldProblem(error, "kevinRating")}>
            <Select className="w-full" options={RATINGS} value={rating} onChange={(event) => setRating(event.target.value)} />
          </Field>
        </div>
        <Field label="Notes" problem={fieldProblem(error, "notes")}>
          <Textarea rows={3} maxLength={10_000} value={notes} onChange={(event) => setNotes(event.target.value)} />
        </Field>
        <Field label="Call again" hint="Empty: as it was" problem={fieldProblem(error, "nextFollowup")}>
          <Input type="datetime-local" value={followup} onChange={(event) => setFollowup(event.target.value)} />
        </Field>
        {error !== null && <Alert>{problemText(error)}</Alert>}
        <DialogActions>
          <Button variant="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={result === ""} aria-disabled={isBusy}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Rating and notes were shown as they are: who empties them takes them back. The follow-up was not. */
function outcomeOf(rating: string, notes: string, followup: string): Omit<Outcome, "transferId" | "conversionResult"> {
  return {
    kevinRating: rating ? Number(rating) : null,
    notes: notes.trim() || null,
    ...(followup ? { nextFollowup: new Date(followup).toISOString() } : {}),
  };
}
