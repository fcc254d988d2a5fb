import { expect, it } from "vitest";
import type { ServerDetail } from "@/api/types";
import { entering } from "./entering";

type Docker = NonNullable<ServerDetail["docker"]>;
const server = (role: "viewer" | "operator", allow: string[] | null, docker?: Partial<Docker>) => ({
  name: "web-1",
  role,
  allow,
  docker: docker ? ({ mode: "full", named: false, exec: true, ...docker } as Docker) : null,
});

it("lets operators in where the policy does, or is not known", () => {
  expect(entering(server("operator", ["docker"], {}))).toBeNull();
  expect(entering(server("operator", null))).toBeNull();
});

it("says who or what forbids it", () => {
  expect(entering(server("viewer", ["docker"], {}))).toContain("for operators");
  expect(entering(server("operator", ["exec"]))).toContain("--allow docker");
  expect(entering(server("operator", ["docker"], { mode: "read-only" }))).toContain("look");
  expect(entering(server("operator", ["docker"], { exec: false }))).toContain("forbids");
});
