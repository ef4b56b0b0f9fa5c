import { CircleCheck, Users } from "lucide-react";
import type { FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { optionsOf } from "@/components/ui/options";
import { Select, type SelectOption } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { formatSlug } from "@/lib/format";
import { ApiError, fieldProblem, problemText } from "@/lib/problem";
import type { LeadDetail } from "@/lib/types";
import { TEXT_FIELDS, type TextField } from "./lead-values";
import { useLeadForm, type LeadForm as Form } from "./useLeadForm";
import { EXPERIENCE, INCOMES, LEAD_STATUSES } from "./words";

const LABELS: Record<TextField, string> = {
  firstName: "First name",
  lastName: "Last name",
  phone: "Telephone",
  email: "E-mail",
  source: "Source",
  initialInterest: "First interest",
  status: "Stage",
  timezone: "Time zone",
  state: "State",
  city: "City",
  currentIncomeRange: "Income today",
  desiredIncomeRange: "Income wished for",
  timeAvailability: "Time available",
  experienceLevel: "Experience",
  kevinNotes: "Kevin's notes",
};

const CHOICES: Partial<Record<TextField, SelectOption[]>> = {
  status: optionsOf(LEAD_STATUSES, "").slice(1),
  currentIncomeRange: [{ value: "", text: "Not known" }, ...INCOMES],
  experienceLevel: optionsOf(EXPERIENCE, "Not known"),
};

interface LeadFormProps {
  lead: LeadDetail;
  onLead: (lead: LeadDetail) => void;
}

export function LeadForm({ lead, onLead }: LeadFormProps) {
  const form = useLeadForm(lead, onLead);
  const { role } = useUser();
  const isReadOnly = !may(role, "leads:update");

  function submit(event: FormEvent): void {
    event.preventDefault();
    void form.save();
  }

  return (
    <Card>
      <form onSubmit={submit} noValidate aria-label="Lead">
        <fieldset disabled={isReadOnly} className="grid gap-4 p-5 sm:grid-cols-2">
          {TEXT_FIELDS.map((name) => (
            <Field
              key={name}
              label={LABELS[name]}
              problem={fieldProblem(form.error, name)}
              className={name === "kevinNotes" ? "sm:col-span-2" : undefined}
            >
              <Control name={name} form={form} />
            </Field>
          ))}
          <label className="flex items-center gap-3 text-sm sm:col-span-2">
            <input
              type="checkbox"
              className="size-4 accent-[hsl(var(--primary))]"
              checked={form.values.doNotCall}
              onChange={(event) => form.change("doNotCall", event.target.checked)}
            />
            Never call this lead
          </label>
        </fieldset>
        <div className="space-y-3 border-t p-5">
          <Meanwhile form={form} />
          <Problem form={form} />
          {!isReadOnly && (
            <div className="flex items-center gap-4">
              <Button type="submit" disabled={!form.isChanged} aria-disabled={form.saveState === "saving"}>
                {form.saveState === "saving" ? "Saving…" : "Save"}
              </Button>
              <p role="status" className="flex items-center gap-1.5 text-sm text-muted-foreground" data-testid="saved">
                {form.saveState === "saved" && !form.isChanged && (
                  <>
                    <CircleCheck className="size-4 text-success" aria-hidden />
                    Saved
                  </>
                )}
              </p>
            </div>
          )}
        </div>
      </form>
    </Card>
  );
}

function Control({ name, form, ...rest }: { name: TextField; form: Form }) {
  const value = form.values[name];
  const choices = CHOICES[name];
  if (choices) {
    return (
      <Select
        {...rest}
        className="w-full"
        options={choices}
        value={value}
        onChange={(event) => form.change(name, event.target.value)}
      />
    );
  }
  if (name === "kevinNotes") {
    return (
      <Textarea {...rest} rows={4} value={value} onChange={(event) => form.change(name, event.target.value)} />
    );
  }
  return <Input {...rest} value={value} onChange={(event) => form.change(name, event.target.value)} />;
}

/** Somebody else saved while this form was open. */
function Meanwhile({ form }: { form: Form }) {
  if (!form.meanwhile) return null;
  const { theirs, clashes } = form.meanwhile;
  const named = (names: string[]): string =>
    names.map((name) => LABELS[name as TextField] ?? formatSlug(name)).join(", ");
  return (
    <p
      role="status"
      data-testid="meanwhile"
      className="flex items-start gap-2 rounded-md border border-warm/40 bg-warm/10 p-3 text-sm"
    >
      <Users className="mt-0.5 size-4 shrink-0 text-warm" aria-hidden />
      <span>
        Somebody else changed: {named(theirs)}.
        {clashes.length > 0 && ` Of ${named(clashes)} yours stands here; look at it before you save.`}
      </span>
    </p>
  );
}

/** What no field shows. A conflict is told by what has changed. */
function Problem({ form }: { form: Form }) {
  const { error } = form;
  if (error === null || TEXT_FIELDS.some((name) => fieldProblem(error, name) !== null)) return null;
  if (error instanceof ApiError && error.code === "VERSION_CONFLICT" && form.meanwhile) {
    return <Alert>Not saved: the lead was changed meanwhile. Your changes are kept; save again if they still hold.</Alert>;
  }
  return <Alert>{problemText(error)}</Alert>;
}
