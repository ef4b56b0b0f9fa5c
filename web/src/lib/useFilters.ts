/*
 * The filters and the page of a list, kept in the address, so that a view can be kept and sent.
 */
import { pageFrom, queryText } from "./query";
import { navigate, replaceAddress, useQuery } from "./router";

export interface Filters<Name extends string> {
  values: Record<Name, string>;
  /** Any of them is set. */
  isSet: boolean;
  page: number;
  change(name: Name, value: string): void;
  clear(): void;
  turnTo(page: number): void;
}

/** Those called `names` on the screen at `path`; all are texts, empty when not set. */
export function useFilters<Name extends string>(path: string, names: readonly Name[]): Filters<Name> {
  const query = new URLSearchParams(useQuery());
  const values = valuesIn(query, names);

  return {
    values,
    isSet: names.some((name) => values[name] !== ""),
    page: pageFrom(query.get("page")),
    // Asked when it happens: who paused typing may have chosen something else since.
    change: (name, value) => {
      const now = valuesIn(new URLSearchParams(window.location.search), names);
      replaceAddress(`${path}${queryText({ ...now, [name]: value })}`);
    },
    clear: () => navigate(path),
    turnTo: (page) => navigate(`${path}${queryText({ ...values, page: page > 1 ? page : null })}`),
  };
}

function valuesIn<Name extends string>(query: URLSearchParams, names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""])) as Record<Name, string>;
}
