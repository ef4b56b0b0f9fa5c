import { CircleCheck, Plus, Trash2 } from "lucide-react";
import { useId, useMemo, useState, type FormEvent } from "react";
import { Alert } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Unfetched } from "@/components/ui/screen";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { api } from "@/lib/api";
import { formatMoment } from "@/lib/format";
import { problemText } from "@/lib/problem";
import type { Schedule, ScheduleException, Slot } from "@/lib/types";
import { useFetched } from "@/lib/useFetched";
import { fetchSchedule, setSchedule } from "./requests";
import {
  addException,
  addSlot,
  changeException,
  changeOf,
  changeSlot,
  DAYS,
  draftOf,
  removeException,
  removeSlot,
  type Draft,
} from "./schedule-draft";

export function ScheduleCard() {
  const { data, problem, reload, replace } = useFetched(fetchSchedule, "schedule");
  return (
    <Card>
      <CardHeader className="border-b py-4">
        <CardTitle>Hours</CardTitle>
        <CardDescription>
          {data && (data.nextChange ? `Next change ${formatMoment(data.nextChange)}, your time.` : "No change in sight.")}
        </CardDescription>
      </CardHeader>
      {problem !== null && <Unfetched problem={problem} onRetry={reload} />}
      {!data && problem === null && <Skeleton className="m-5 h-64" />}
      {data && <Editor schedule={data} onSaved={replace} />}
    </Card>
  );
}

function Editor({ schedule, onSaved }: { schedule: Schedule; onSaved: (schedule: Schedule) => void }) {
  const { role } = useUser();
  const [draft, setDraft] = useState<Draft>(() => draftOf(schedule));
  const [problem, setProblem] = useState<string | null>(null);
  const [state, setState] = useState<"idle" | "saving" | "saved">("idle");
  const isReadOnly = !may(role, "kevin:change");

  function edit(next: Draft): void {
    setDraft(next);
    setState("idle");
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (state === "saving") return;
    setState("saving");
    setProblem(null);
    try {
      const saved = await setSchedule(changeOf(draft));
      setDraft(draftOf(saved));
      onSaved(saved);
      setState("saved");
    } catch (error) {
      setProblem(problemText(error));
      setState("idle");
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} aria-label="Hours" noValidate>
      <fieldset disabled={isReadOnly} className="space-y-5 p-5">
        <ZoneField draft={draft} edit={edit} />
        <Week draft={draft} edit={edit} isReadOnly={isReadOnly} />
        <Exceptions draft={draft} edit={edit} isReadOnly={isReadOnly} />
      </fieldset>
      {!isReadOnly && (
        <div className="space-y-3 border-t p-5">
          {problem !== null && <Alert>{problem}</Alert>}
          <div className="flex items-center gap-4">
            <Button type="submit" aria-disabled={state === "saving"}>
              {state === "saving" ? "Saving…" : "Save hours"}
            </Button>
            <p role="status" className="flex items-center gap-1.5 text-sm text-muted-foreground" data-testid="hours-saved">
              {state === "saved" && (
                <>
                  <CircleCheck className="size-4 text-success" aria-hidden />
                  Saved
                </>
              )}
            </p>
          </div>
        </div>
      )}
    </form>
  );
}

interface PartProps {
  draft: Draft;
  edit: (draft: Draft) => void;
  isReadOnly: boolean;
}

function ZoneField({ draft, edit }: Omit<PartProps, "isReadOnly">) {
  const id = useId();
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone"), []);
  return (
    <>
      <Field label="Time zone" hint="All times below are on this clock.">
        <Input
          list={`${id}-zones`}
          value={draft.timezone}
          onChange={(event) => edit({ ...draft, timezone: event.target.value })}
        />
      </Field>
      <datalist id={`${id}-zones`}>
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

function Week({ draft, edit, isReadOnly }: PartProps) {
  return (
    <div className="space-y-3" data-testid="week">
      {DAYS.map(({ day, name }) => {
        const slots = draft.slots.map((slot, index) => ({ slot, index })).filter(({ slot }) => slot.dayOfWeek === day);
        return (
          <div key={day} className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2 xs:grid-cols-[5.5rem_minmax(0,1fr)_auto]" role="group" aria-label={name}>
            <p className="col-span-2 pt-2 text-sm font-medium xs:col-span-1">{name}</p>
            <div className="space-y-2">
              {slots.length === 0 && <p className="pt-2 text-sm text-muted-foreground">Away</p>}
              {slots.map(({ slot, index }) => (
                <SlotRow
                  key={index}
                  slot={slot}
                  name={name}
                  onChange={(change) => edit(changeSlot(draft, index, change))}
                  onRemove={isReadOnly ? null : () => edit(removeSlot(draft, index))}
                />
              ))}
            </div>
            {!isReadOnly && (
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Add hours on ${name}`}
                onClick={() => edit(addSlot(draft, day))}
              >
                <Plus aria-hidden />
              </Button>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface SlotRowProps {
  slot: Slot;
  name: string;
  onChange: (change: Partial<Slot>) => void;
  onRemove: (() => void) | null;
}

function SlotRow({ slot, name, onChange, onRemove }: SlotRowProps) {
  return (
    <div className="flex items-center gap-1.5">
      <TimeInput label={`${name} from`} value={slot.startTime} onChange={(startTime) => onChange({ startTime })} />
      <span aria-hidden>–</span>
      <TimeInput label={`${name} to`} value={slot.endTime} onChange={(endTime) => onChange({ endTime })} />
      {onRemove && <RemoveButton label={`Remove these hours on ${name}`} onClick={onRemove} />}
    </div>
  );
}

interface TimeInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** Without the clock of some browsers: two of these stand side by side on a telephone, where it would be cut off. */
function TimeInput({ label, value, onChange }: TimeInputProps) {
  return (
    <Input
      type="time"
      required
      aria-label={label}
      className="h-9 min-w-0 px-2 tabular-nums [&::-webkit-calendar-picker-indicator]:hidden"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="ghost" size="icon" className="shrink-0" aria-label={label} onClick={onClick}>
      <Trash2 aria-hidden />
    </Button>
  );
}

function Exceptions({ draft, edit, isReadOnly }: PartProps) {
  function add(): void {
    edit(addException(draft, new Date(api.serverNow).toISOString().slice(0, 10)));
  }

  return (
    <div className="space-y-3 border-t pt-4" role="group" aria-label="Exceptions">
      <div className="flex items-center justify-between">
        <p className="text-sm font-medium">Exceptions</p>
        {!isReadOnly && (
          <Button variant="outline" size="sm" onClick={add}>
            <Plus aria-hidden />
            Add a day
          </Button>
        )}
      </div>
      {draft.exceptions.length === 0 && <p className="text-sm text-muted-foreground">None.</p>}
      {draft.exceptions.map((exception, index) => (
        <ExceptionRow
          key={index}
          exception={exception}
          onChange={(change) => edit(changeException(draft, index, change))}
          onRemove={isReadOnly ? null : () => edit(removeException(draft, index))}
        />
      ))}
    </div>
  );
}

const KINDS = [
  { value: "off", text: "Away all day" },
  { value: "away", text: "Away from – to" },
  { value: "there", text: "There from – to" },
];

interface ExceptionRowProps {
  exception: ScheduleException;
  onChange: (change: Partial<ScheduleException>) => void;
  onRemove: (() => void) | null;
}

function ExceptionRow({ exception, onChange, onRemove }: ExceptionRowProps) {
  const { date, available, startTime, endTime, note } = exception;
  const kind = available ? "there" : startTime === null ? "off" : "away";

  function choose(next: string): void {
    const times = next === "off" ? { startTime: null, endTime: null } : { startTime: "12:00", endTime: "17:00" };
    onChange({ available: next === "there", ...(kind === "off" || next === "off" ? times : {}) });
  }

  return (
    <div className="space-y-2 rounded-md border p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          type="date"
          aria-label="Day"
          className="w-[9.5rem] flex-none px-2"
          value={date}
          onChange={(event) => onChange({ date: event.target.value })}
        />
        <Select
          aria-label={`What is special on ${date}`}
          className="order-last basis-full"
          options={KINDS}
          value={kind}
          onChange={(event) => choose(event.target.value)}
        />
        {onRemove && <RemoveButton label={`Remove the exception of ${date}`} onClick={onRemove} />}
      </div>
      {kind !== "off" && (
        <div className="flex items-center gap-1.5">
          <TimeInput label={`${date} from`} value={startTime ?? ""} onChange={(value) => onChange({ startTime: value })} />
          <span aria-hidden>–</span>
          <TimeInput label={`${date} to`} value={endTime ?? ""} onChange={(value) => onChange({ endTime: value })} />
        </div>
      )}
      <Input
        aria-label={`Note on ${date}`}
        placeholder="Note"
        className="h-9"
        value={note ?? ""}
        onChange={(event) => onChange({ note: event.target.value || null })}
      />
    </div>
  );
}
