import { expect, it } from "vitest";
import { may } from "./permissions";

it("lets only Kevin and administrators change his availability", () => {
  const roles = ["admin", "kevin", "operator", "analyst", "agent"] as const;
  expect(roles.filter((role) => may(role, "kevin:change"))).toEqual(["admin", "kevin"]);
  expect(roles.filter((role) => may(role, "transfers:start"))).toEqual(["admin", "kevin", "operator"]);
});
