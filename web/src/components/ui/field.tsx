import { cloneElement, useId, type ReactElement } from "react";
import { cn } from "@/lib/utils";
import { Label } from "./label";

interface ControlProps {
  id?: string;
  "aria-invalid"?: boolean;
  "aria-describedby"?: string | undefined;
}

interface FieldProps {
  label: string;
  hint?: string;
  /** What is wrong with its value, or null. */
  problem?: string | null;
  className?: string | undefined;
  /** The control; it gets id and descriptions. */
  children: ReactElement<ControlProps>;
}

/** A control with its label, and what is wrong with it below. */
export function Field({ label, hint, problem = null, className, children }: FieldProps) {
  const id = useId();
  const note = problem ?? hint;
  return (
    <div className={cn("min-w-0 space-y-1.5", className)}>
      <Label htmlFor={id}>{label}</Label>
      {cloneElement(children, {
        id,
        "aria-invalid": problem !== null,
        "aria-describedby": note ? `${id}-note` : undefined,
      })}
      {note && (
        <p id={`${id}-note`} className={cn("text-xs", problem ? "text-destructive" : "text-muted-foreground")}>
          {note}
        </p>
      )}
    </div>
  );
}
