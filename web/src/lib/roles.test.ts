import { expect, it } from "vitest";
import type { Me, Role } from "@/api/types";
import { atLeast, mayManage } from "./roles";

const me = (role: Role, name = "ada"): Me => ({
  id: name,
  name,
  role,
  disabled: false,
  created_at: "2026-01-01T00:00:00.000Z",
  last_login: null,
  token: null,
});

it("ranks the roles, and nobody has none", () => {
  expect(atLeast("admin", "operator")).toBe(true);
  expect(atLeast("viewer", "operator")).toBe(false);
  expect(atLeast(undefined, "viewer")).toBe(false);
});

it("lets owners and administrators manage a server, and no viewer", () => {
  const hers = { owner: "ada" };
  expect(mayManage(me("operator"), hers)).toBe(true);
  expect(mayManage(me("operator", "ben"), hers)).toBe(false);
  expect(mayManage(me("admin", "ben"), hers)).toBe(true);
  expect(mayManage(me("viewer"), hers)).toBe(false);
  expect(mayManage(undefined, hers)).toBe(false);
});
