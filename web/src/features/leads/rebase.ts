/*
 * Changes of one person on top of another's, field by field.
 *
 * Everything edited is a flat record of texts and booleans; `base` is what the form began with.
 */

export type Values = Readonly<Record<string, string | boolean>>;

/** The fields in which two records differ. */
export function changedFields<T extends Values>(from: T, to: T): (keyof T & string)[] {
  return Object.keys(to).filter((name) => from[name] !== to[name]);
}

export interface Rebased<T> {
  /** Theirs, with my changes on top. */
  values: T;
  /** What they changed. */
  theirs: (keyof T & string)[];
  /** What both changed, and not to the same: mine stands in `values`, and has to be looked at. */
  clashes: (keyof T & string)[];
}

export function rebase<T extends Values>(base: T, mine: T, latest: T): Rebased<T> {
  const myFields = changedFields(base, mine);
  const theirs = changedFields(base, latest);
  const values = { ...latest, ...Object.fromEntries(myFields.map((name) => [name, mine[name]])) };
  const clashes = theirs.filter((name) => myFields.includes(name) && mine[name] !== latest[name]);
  return { values, theirs, clashes };
}
