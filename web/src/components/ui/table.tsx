/*
 * A table which becomes a list of blocks on narrow screens. Changing `display` takes a table's meaning from
 * assistive technology, so each part states its role.
 */
import type { HTMLAttributes, TdHTMLAttributes, ThHTMLAttributes } from "react";
import { cn } from "@/lib/utils";

export function Table({ className, ...props }: HTMLAttributes<HTMLTableElement>) {
  return (
    <table role="table" className={cn("block w-full table-fixed text-sm lg:table", className)} {...props} />
  );
}

type SectionProps = HTMLAttributes<HTMLTableSectionElement>;

export function TableHeader({ className, ...props }: SectionProps) {
  return (
    <thead
      role="rowgroup"
      className={cn("sr-only lg:not-sr-only lg:table-header-group lg:border-b", className)}
      {...props}
    />
  );
}

export function TableBody({ className, ...props }: SectionProps) {
  return <tbody role="rowgroup" className={cn("block lg:table-row-group", className)} {...props} />;
}

export function TableRow({ className, ...props }: HTMLAttributes<HTMLTableRowElement>) {
  return <tr role="row" className={cn("block border-b last:border-0 lg:table-row", className)} {...props} />;
}

export function TableHead({ className, ...props }: ThHTMLAttributes<HTMLTableCellElement>) {
  return (
    <th
      role="columnheader"
      scope="col"
      className={cn("h-10 px-3 text-left text-xs font-medium text-muted-foreground", className)}
      {...props}
    />
  );
}

export function TableCell({ className, ...props }: TdHTMLAttributes<HTMLTableCellElement>) {
  return (
    <td
      role="cell"
      className={cn("block lg:table-cell lg:px-3 lg:py-3 lg:align-middle", className)}
      {...props}
    />
  );
}
