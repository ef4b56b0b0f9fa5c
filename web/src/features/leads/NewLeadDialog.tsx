import { useRef, useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { optionsOf } from "@/components/ui/options";
import { Select } from "@/components/ui/select";
import { newKey } from "@/lib/key";
import { fieldProblem, problemText } from "@/lib/problem";
import { navigate } from "@/lib/router";
import { createLead } from "./requests";
import { SOURCES } from "./words";

const EMPTY = { firstName: "", lastName: "", phone: "", email: "", source: "" };

const FIELDS = [
  { name: "firstName", label: "First name", type: "text", isNeeded: true },
  { name: "lastName", label: "Last name", type: "text", isNeeded: true },
  { name: "phone", label: "Telephone", type: "tel", isNeeded: true },
  { name: "email", label: "E-mail", type: "email", isNeeded: false },
] as const;

export function NewLeadDialog({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState(EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const key = useRef(newKey());

  function change(name: keyof typeof EMPTY, value: string): void {
    setValues({ ...values, [name]: value });
    key.current = newKey();
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      const given = Object.entries(values).filter(([, value]) => value.trim() !== "");
      const lead = await createLead(Object.fromEntries(given), key.current);
      onClose();
      navigate(`/leads/${lead.id}`);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  const isByField = FIELDS.some(({ name }) => fieldProblem(error, name) !== null);
  return (
    <Dialog title="New lead" description="The voice agent may call it from now on." onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <div className="grid gap-4 sm:grid-cols-2">
          {FIELDS.map(({ name, label, type, isNeeded }) => (
            <Field key={name} label={isNeeded ? label : `${label} (optional)`} problem={fieldProblem(error, name)}>
              <Input
                type={type}
                name={name}
                required={isNeeded}
                value={values[name]}
                onChange={(event) => change(name, event.target.value)}
              />
            </Field>
          ))}
          <Field label="Source">
            <Select
              options={optionsOf(SOURCES, "Not known")}
              value={values.source}
              onChange={(event) => change("source", event.target.value)}
            />
          </Field>
        </div>
        {error !== null && !isByField && <Alert className="mt-4">{problemText(error)}</Alert>}
        <DialogActions>
          <Button variant="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" aria-disabled={isBusy}>
            {isBusy ? "Saving…" : "Create lead"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
