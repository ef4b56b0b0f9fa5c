/*
 * What the dashboard offers to whom. The server decides; this only spares people buttons that would refuse.
 */
import type { Role } from "@/lib/types";

export type Permission =
  | "transfers:start"
  | "transfers:outcome"
  | "calls:record"
  | "kevin:change"
  | "leads:create"
  | "leads:import"
  | "leads:reopen"
  | "leads:update";

const ALLOWED: Record<Permission, readonly Role[]> = {
  "transfers:start": ["admin", "kevin", "operator"],
  "calls:record": ["admin", "kevin", "operator"],
  "transfers:outcome": ["admin", "kevin"],
  "kevin:change": ["admin", "kevin"],
  "leads:create": ["admin", "kevin", "operator"],
  "leads:import": ["admin", "kevin"],
  "leads:reopen": ["admin", "kevin"],
  "leads:update": ["admin", "kevin", "operator"],
};

export function may(role: Role, permission: Permission): boolean {
  return ALLOWED[permission].includes(role);
}
