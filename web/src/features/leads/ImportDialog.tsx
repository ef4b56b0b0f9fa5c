/*
 * An import in two steps: what the file would make, then the import itself.
 */
import { CircleCheck, LoaderCircle } from "lucide-react";
import { useState, type ChangeEvent, type ReactNode } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Label } from "@/components/ui/label";
import { formatCount } from "@/lib/format";
import { problemText } from "@/lib/problem";
import type { ImportReport } from "@/lib/types";
import { importLeads } from "./requests";

const PROBLEMS_MAX = 50;

interface ImportDialogProps {
  onClose: () => void;
  onImported: () => void;
}

export function ImportDialog({ onClose, onImported }: ImportDialogProps) {
  const [file, setFile] = useState<Blob | null>(null);
  const [report, setReport] = useState<ImportReport | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function send(chosen: Blob, isForGood: boolean): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      setReport(await importLeads(chosen, isForGood));
      if (isForGood) onImported();
    } catch (error) {
      setProblem(problemText(error));
    } finally {
      setBusy(false);
    }
  }

  function choose(event: ChangeEvent<HTMLInputElement>): void {
    const [chosen] = event.target.files ?? [];
    setReport(null);
    setFile(chosen ? typed(chosen) : null);
    if (chosen) void send(typed(chosen), false);
  }

  const isDone = report !== null && !report.dryRun;
  const mayImport = file !== null && report?.dryRun === true && report.invalid === 0 && report.new > 0;
  return (
    <Dialog
      title="Import leads"
      description="A CSV file whose first line names the fields, or one JSON object a line. Nothing is stored before you have seen what comes of it."
      className="max-w-2xl"
      onClose={onClose}
    >
      {!isDone && (
        <div className="space-y-2">
          <Label htmlFor="import-file">File</Label>
          <input
            id="import-file"
            type="file"
            accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson"
            className="block w-full text-sm file:mr-4 file:h-10 file:cursor-pointer file:rounded-md file:border file:border-solid file:border-border file:bg-card file:px-4 file:text-sm file:font-medium file:text-foreground hover:file:bg-accent"
            onChange={choose}
          />
        </div>
      )}
      <div aria-live="polite" className="mt-4 space-y-4" data-testid="import-report">
        {isBusy && (
          <p className="flex items-center gap-2 text-sm text-muted-foreground">
            <LoaderCircle className="size-4 animate-spin" aria-hidden />
            {report ? "Importing…" : "Reading the file…"}
          </p>
        )}
        {!isBusy && isDone && <Done count={report.new} />}
        {!isBusy && report?.dryRun && <Report report={report} />}
      </div>
      {problem !== null && <Alert className="mt-4">{problem}</Alert>}
      <DialogActions>
        <Button variant="outline" onClick={onClose}>
          {isDone ? "Close" : "Cancel"}
        </Button>
        {!isDone && (
          <Button disabled={!mayImport || isBusy} onClick={() => file && void send(file, true)}>
            {mayImport ? `Import ${formatCount(report.new)} ${report.new === 1 ? "lead" : "leads"}` : "Import"}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

/** Browsers do not agree on the type of such files; the server wants to know which of two it is. */
function typed(file: File): Blob {
  const isLines = /\.(ndjson|jsonl)$/i.test(file.name);
  return new Blob([file], { type: isLines ? "application/x-ndjson" : "text/csv" });
}

function Done({ count }: { count: number }) {
  return (
    <p className="flex items-center gap-2 text-sm font-medium">
      <CircleCheck className="size-5 text-success" aria-hidden />
      {count === 1 ? "1 lead was imported." : `${formatCount(count)} leads were imported.`}
    </p>
  );
}

function Report({ report }: { report: ImportReport }) {
  const { rows, invalid, duplicate, doNotCall, problems } = report;
  return (
    <>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        <Figure name="New" value={report.new} />
        <Figure name="Known already" value={duplicate} />
        <Figure name="Invalid" value={invalid} isBad={invalid > 0} />
        <Figure name="Do not call" value={doNotCall} />
      </dl>
      <p className="text-sm text-muted-foreground">
        {formatCount(rows)} rows. {advice(report)}
      </p>
      {problems.length > 0 && (
        <div className="max-h-56 overflow-y-auto rounded-md border" tabIndex={0} role="region" aria-label="Lines">
          <table className="w-full text-xs">
            <thead className="sticky top-0 bg-secondary text-left">
              <tr>
                <Head>Line</Head>
                <Head>Verdict</Head>
                <Head>Why</Head>
              </tr>
            </thead>
            <tbody>
              {problems.slice(0, PROBLEMS_MAX).map(({ line, verdict, field, message }, i) => (
                <tr key={i} className="border-t">
                  <td className="px-3 py-1.5 tabular-nums">{line}</td>
                  <td className="px-3 py-1.5">{verdict === "doNotCall" ? "do not call" : verdict}</td>
                  <td className="px-3 py-1.5">{field ? `${field} ${message}` : message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {problems.length > PROBLEMS_MAX && (
        <p className="text-xs text-muted-foreground">The first {PROBLEMS_MAX} lines are shown.</p>
      )}
    </>
  );
}

function advice(report: ImportReport): string {
  if (report.invalid > 0) return "Correct the invalid lines first: an import takes all or nothing.";
  return report.new === 0 ? "There is nothing new in them." : "Known ones are left as they are.";
}

function Head({ children }: { children: ReactNode }) {
  return (
    <th scope="col" className="px-3 py-1.5 font-medium">
      {children}
    </th>
  );
}

function Figure({ name, value, isBad = false }: { name: string; value: number; isBad?: boolean }) {
  return (
    <div className="rounded-md border p-3">
      <dt className="text-xs text-muted-foreground">{name}</dt>
      <dd className={isBad ? "text-xl font-semibold text-destructive" : "text-xl font-semibold"}>
        {formatCount(value)}
      </dd>
    </div>
  );
}
