import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "@/lib/router";

export interface InternalLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
  isCurrent?: boolean;
}

/** A link to another screen: a real one, so that it opens in a new tab too, but without a new page. */
export function InternalLink({ to, isCurrent = false, ...props }: InternalLinkProps) {
  function follow(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(to);
  }
  return <a href={to} aria-current={isCurrent ? "page" : undefined} onClick={follow} {...props} />;
}
