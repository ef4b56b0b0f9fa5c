/*
 * Random idempotency keys.
 */

/** 128 random bits as hexadecimal digits; unlike randomUUID also outside secure contexts. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
