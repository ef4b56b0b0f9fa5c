/*
 * What the dashboard offers to whom. The server decides; this only spares people buttons that would refuse.
 */
import type { Role } from "@/lib/types";

export type Permission = "transfers:start" | "calls:record" | "kevin:change";

const ALLOWED: Record<Permission, readonly Role[]> = {
  "transfers:start": ["admin", "kevin", "operator"],
  "calls:record": ["admin", "kevin", "operator"],
  "kevin:change": ["admin", "kevin"],
};

export function may(role: Role, permission: Permission): boolean {
  return ALLOWED[permission].includes(role);
}
