import { KeyRound } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Unfetched } from "@/components/ui/screen";
import { Skeleton } from "@/components/ui/skeleton";
import { formatMoment } from "@/lib/format";
import { fieldProblem, problemText } from "@/lib/problem";
import type { ApiKey } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { createKey, fetchKeys, revokeKey } from "./requests";

const SCOPES = [
  "leads:view",
  "leads:update",
  "calls:view",
  "calls:run",
  "calls:edit",
  "reports",
  "availability:view",
] as const;

export function KeysCard() {
  const { data, problem, reload } = useFetched(fetchKeys, "keys");
  const [isOpen, setOpen] = useState(false);
  return (
    <Card className="overflow-hidden">
      <CardHeader className="flex-row items-center justify-between border-b py-3">
        <CardTitle>API keys</CardTitle>
        <Button variant="outline" size="sm" onClick={() => setOpen(true)}>
          <KeyRound aria-hidden />
          New key
        </Button>
      </CardHeader>
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {!data && problem === null && <Skeleton className="m-5 h-40" />}
      {data?.items.length === 0 && <p className="p-5 text-sm text-muted-foreground">No program may call.</p>}
      <ul className="divide-y" data-testid="keys">
        {data?.items.map((key) => (
          <KeyItem key={key.id} apiKey={key} onChanged={reload} />
        ))}
      </ul>
      {isOpen && <KeyDialog onClose={() => setOpen(false)} onCreated={reload} />}
    </Card>
  );
}

function KeyItem({ apiKey, onChanged }: { apiKey: ApiKey; onChanged: () => void }) {
  const { id, name, prefix, scopes, lastUsedAt, revokedAt } = apiKey;
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function revoke(): Promise<void> {
    try {
      await revokeKey(id);
      setAsking(false);
      onChanged();
    } catch (error) {
      setProblem(problemText(error));
    }
  }

  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex items-center gap-2 truncate text-sm font-medium">
          {name} {revokedAt && <Badge variant="outline">Revoked</Badge>}
        </p>
        <p className="truncate text-xs text-muted-foreground">
          <code>{prefix}…</code> · {scopes === null ? "everything an agent may" : scopes.join(", ")} ·{" "}
          {lastUsedAt ? `last used ${formatMoment(lastUsedAt)}` : "never used"}
        </p>
      </div>
      {!revokedAt && (
        <Button variant="outline" size="sm" aria-label={`Revoke ${name}`} onClick={() => setAsking(true)}>
          Revoke
        </Button>
      )}
      {isAsking && (
        <Dialog
          title={`Revoke ${name}?`}
          description="A program that still uses it is refused within seconds. This cannot be taken back."
          onClose={() => setAsking(false)}
        >
          {problem !== null && <Alert>{problem}</Alert>}
          <DialogActions>
            <Button variant="outline" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button onClick={() => void revoke()}>Revoke</Button>
          </DialogActions>
        </Dialog>
      )}
    </li>
  );
}

function KeyDialog({ onClose, onCreated }: { onClose: () => void; onCreated: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const [made, setMade] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    try {
      const { key } = await createKey(name.trim(), scopes.length === 0 ? null : [...scopes]);
      setMade(key);
      onCreated();
    } catch (problem) {
      setError(problem);
    }
  }

  if (made !== null) {
    return (
      <Dialog title="The key" description="Copy it now: it is not shown again." onClose={onClose}>
        <code className="block select-all break-all rounded-md border bg-secondary p-3 text-sm" data-testid="new-key">
          {made}
        </code>
        <DialogActions>
          <Button onClick={onClose}>Done</Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="New API key" description="For a program that calls, such as the voice agent." onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate className="space-y-4">
        <Field label="Name" problem={fieldProblem(error, "name")}>
          <Input value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        </Field>
        <fieldset>
          <legend className="text-sm font-medium">Limited to</legend>
          <p className="mt-1 text-xs text-muted-foreground">Nothing chosen: everything an agent may.</p>
          <div className="mt-2 grid grid-cols-2 gap-2">
            {SCOPES.map((scope) => (
              <label key={scope} className="flex items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  className="size-4 accent-[hsl(var(--primary))]"
                  checked={scopes.includes(scope)}
                  onChange={(event) =>
                    setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
                  }
                />
                {scope}
              </label>
            ))}
          </div>
        </fieldset>
        {error !== null && fieldProblem(error, "name") === null && <Alert>{problemText(error)}</Alert>}
        <DialogActions>
          <Button variant="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={name.trim() === ""}>
            Create key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
