/*
 * Positions in the server's event log: decimal strings, which may exceed what a number holds exactly.
 */

/** True when position `a` comes after position `b`. */
export function isAfter(a: string, b: string): boolean {
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return left.length === right.length ? left > right : left.length > right.length;
}
