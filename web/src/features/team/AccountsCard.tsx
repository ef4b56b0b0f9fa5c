import { UserPlus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Unfetched } from "@/components/ui/screen";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { formatMoment, formatSlug } from "@/lib/format";
import { fieldProblem, problemText } from "@/lib/problem";
import type { Account, Role } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { createAccount, fetchAccounts, updateAccount } from "./requests";

const ROLES = (["admin", "kevin", "operator", "analyst"] as const).map((value) => ({ value, text: formatSlug(value) }));

export function AccountsCard() {
  const { data, problem, reload } = useFetched(fetchAccounts, "accounts");
  const [isOpen, setOpen] = useState(false);
  return (
    <Card className="overflow-hidden">
      <CardHeader className="flex-row items-center justify-between border-b py-3">
        <CardTitle>People</CardTitle>
        <Button variant="outline" size="sm" onClick={() => setOpen(true)}>
          <UserPlus aria-hidden />
          Add a person
        </Button>
      </CardHeader>
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {!data && problem === null && <Skeleton className="m-5 h-40" />}
      <ul className="divide-y" data-testid="accounts">
        {data?.items.map((account) => (
          <AccountItem key={account.id} account={account} onChanged={reload} />
        ))}
      </ul>
      {isOpen && (
        <AccountDialog
          onClose={() => setOpen(false)}
          onCreated={() => {
            setOpen(false);
            reload();
          }}
        />
      )}
    </Card>
  );
}

function AccountItem({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const { id, name, email, role, isActive, lastLoginAt } = account;
  const [problem, setProblem] = useState<string | null>(null);

  async function change(wish: { role?: Role; isActive?: boolean }): Promise<void> {
    setProblem(null);
    try {
      await updateAccount(id, wish);
      onChanged();
    } catch (error) {
      setProblem(problemText(error));
    }
  }

  return (
    <li className="space-y-2 px-5 py-3" data-testid={`account-${email}`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-48">
          <p className="flex items-center gap-2 truncate text-sm font-medium">
            {name} {!isActive && <Badge variant="outline">Deactivated</Badge>}
          </p>
          <p className="truncate text-xs text-muted-foreground">
            {email} · {lastLoginAt ? `last here ${formatMoment(lastLoginAt)}` : "never signed in"}
          </p>
        </div>
        <Select
          aria-label={`Role of ${name}`}
          className="w-36"
          options={ROLES}
          value={role}
          onChange={(event) => void change({ role: event.target.value as Role })}
        />
        <Button
          variant="outline"
          size="sm"
          className="w-24"
          aria-label={`${isActive ? "Deactivate" : "Activate"} ${name}`}
          onClick={() => void change({ isActive: !isActive })}
        >
          {isActive ? "Deactivate" : "Activate"}
        </Button>
      </div>
      {problem !== null && <Alert className="p-2 text-xs">{problem}</Alert>}
    </li>
  );
}

const EMPTY = { name: "", email: "", password: "", role: "operator" as Role };

function AccountDialog({ onClose, onCreated }: { onClose: () => void; onCreated: () => void }) {
  const [values, setValues] = useState(EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    try {
      await createAccount(values);
      onCreated();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  const isByField = ["name", "email", "password"].some((field) => fieldProblem(error, field) !== null);
  return (
    <Dialog title="Add a person" description="The role decides what the person sees and may do." onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate className="space-y-4">
        <Field label="Name" problem={fieldProblem(error, "name")}>
          <Input value={values.name} onChange={(event) => setValues({ ...values, name: event.target.value })} />
        </Field>
        <Field label="E-mail" problem={fieldProblem(error, "email")}>
          <Input
            type="email"
            value={values.email}
            onChange={(event) => setValues({ ...values, email: event.target.value })}
          />
        </Field>
        <Field
          label="First password"
          hint="12 characters or more, with small and capital letters, a digit and a sign."
          problem={fieldProblem(error, "password")}
        >
          <Input
            type="password"
            autoComplete="new-password"
            value={values.password}
            onChange={(event) => setValues({ ...values, password: event.target.value })}
          />
        </Field>
        <Field label="Role">
          <Select
            className="w-full"
            options={ROLES}
            value={values.role}
            onChange={(event) => setValues({ ...values, role: event.target.value as Role })}
          />
        </Field>
        {error !== null && !isByField && <Alert>{problemText(error)}</Alert>}
        <DialogActions>
          <Button variant="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" aria-disabled={isBusy}>
            {isBusy ? "Adding…" : "Add"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
