/*
 * Filters as the query of an address.
 */

export type QueryValues = Readonly<Record<string, string | number | null | undefined>>;

/** The query with its question mark; empty values are left out, and so is a query of none. */
export function queryText(values: QueryValues): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** A page number from an address; what is none counts as the first. */
export function pageFrom(text: string | null): number {
  const page = Number(text ?? "1");
  return Number.isInteger(page) && page >= 1 ? page : 1;
}
