import { useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Card, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { fieldProblem, problemText } from "@/lib/problem";
import { KevinBadge } from "./KevinCard";
import type { AvailabilityChange } from "./requests";
import { useKevin } from "./useKevin";

type Wish = "available" | "unavailable" | "schedule";

const WISHES: readonly { wish: Wish; text: string }[] = [
  { wish: "available", text: "Available" },
  { wish: "unavailable", text: "Away" },
  { wish: "schedule", text: "By schedule" },
];

export function AvailabilityCard() {
  const kevin = useKevin();
  const { role } = useUser();
  return (
    <Card>
      <CardHeader className="flex-row items-center justify-between border-b py-4">
        <CardTitle>Availability</CardTitle>
        <span role="status" data-testid="kevin-status">
          <KevinBadge available={kevin.available} />
        </span>
      </CardHeader>
      <div className="space-y-4 p-5">
        <p className="text-sm text-muted-foreground" data-testid="kevin-explanation">
          {kevin.explanation ?? "…"}
        </p>
        {may(role, "kevin:change") && <OverrideForm apply={kevin.apply} />}
      </div>
    </Card>
  );
}

function OverrideForm({ apply }: { apply: (change: AvailabilityChange) => Promise<void> }) {
  const [wish, setWish] = useState<Wish>("available");
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await apply(changeOf(wish, reason.trim(), until));
      setReason("");
      setUntil("");
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }

  const isByField = fieldProblem(error, "until") !== null || fieldProblem(error, "reason") !== null;
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4" noValidate>
      <fieldset className="grid grid-cols-3 gap-2">
        <legend className="sr-only">Kevin is</legend>
        {WISHES.map(({ wish: value, text }) => (
          <label
            key={value}
            className="cursor-pointer rounded-md border px-2 py-2 text-center text-sm font-medium hover:bg-accent has-[:checked]:border-primary has-[:checked]:bg-primary/10 has-[:focus-visible]:ring-2 has-[:focus-visible]:ring-ring"
          >
            <input
              type="radio"
              name="wish"
              className="sr-only"
              checked={wish === value}
              onChange={() => setWish(value)}
            />
            {text}
          </label>
        ))}
      </fieldset>
      {wish !== "schedule" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Reason" problem={fieldProblem(error, "reason")}>
            <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
          </Field>
          <Field label="Until" hint="Empty: until changed" problem={fieldProblem(error, "until")}>
            <Input type="datetime-local" value={until} onChange={(event) => setUntil(event.target.value)} />
          </Field>
        </div>
      )}
      {error !== null && !isByField && <Alert>{problemText(error)}</Alert>}
      <Button type="submit" aria-disabled={isBusy}>
        {isBusy ? "Setting…" : "Set"}
      </Button>
    </form>
  );
}

function changeOf(wish: Wish, reason: string, until: string): AvailabilityChange {
  if (wish === "schedule") return { available: null };
  return {
    available: wish === "available",
    ...(reason ? { reason } : {}),
    ...(until ? { until: new Date(until).toISOString() } : {}),
  };
}
