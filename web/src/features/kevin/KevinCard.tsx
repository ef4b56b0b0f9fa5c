import { useId } from "react";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Switch } from "@/components/ui/switch";
import { may } from "@/features/auth/permissions";
import { useUser } from "@/features/auth/session";
import { cn } from "@/lib/utils";
import { useKevin } from "./useKevin";

const NO_RIGHT = "Only Kevin and administrators can change this.";

export function KevinCard() {
  const { available, explanation, isBusy, change } = useKevin();
  const { role } = useUser();
  const id = useId();
  const mayChange = may(role, "kevin:change");
  return (
    <Card className="flex min-w-0 flex-col gap-3 p-4 sm:p-5">
      <div className="flex h-6 items-center justify-between gap-2">
        <h2 className="text-sm font-medium text-muted-foreground">Kevin</h2>
        <Switch
          checked={available === true}
          disabled={!mayChange || available === null}
          aria-label="Kevin takes transfers"
          aria-describedby={`${id}-note`}
          aria-busy={isBusy}
          title={mayChange ? undefined : NO_RIGHT}
          data-testid="kevin-switch"
          onCheckedChange={(next) => void change(next)}
        />
      </div>
      <div>
        <p role="status" data-testid="kevin-status" className="flex h-9 items-center">
          <KevinBadge available={available} />
        </p>
        <p id={`${id}-note`} className="mt-1 line-clamp-2 min-h-4 text-xs text-muted-foreground">
          {mayChange ? (explanation ?? " ") : NO_RIGHT}
        </p>
      </div>
    </Card>
  );
}

export function KevinBadge({ available }: { available: boolean | null }) {
  if (available === null) return <Badge variant="outline">Unknown</Badge>;
  return (
    <Badge variant={available ? "success" : "secondary"} className="px-3 py-1 text-sm">
      <span
        className={cn("size-2 rounded-full", available ? "bg-success" : "bg-muted-foreground")}
        aria-hidden
      />
      {available ? "Available" : "Busy"}
    </Badge>
  );
}
