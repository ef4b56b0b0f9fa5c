import { ArrowLeft } from "lucide-react";
import { InternalLink } from "./internal-link";

/** From the page of one thing to the list it is in. */
export function BackLink({ to, text }: { to: string; text: string }) {
  return (
    <InternalLink
      to={to}
      className="inline-flex items-center gap-1.5 text-sm font-medium text-muted-foreground hover:text-foreground"
    >
      <ArrowLeft className="size-4" aria-hidden />
      {text}
    </InternalLink>
  );
}
