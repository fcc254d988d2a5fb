import { expect, it } from "vitest";
import type { RunPlan } from "@/api/types";
import { reasons, wouldNot } from "./plan";

type Planned = RunPlan["servers"][number];
const plan = (...servers: [Planned["status"], string?][]): RunPlan => ({
  target: "all",
  command: "id",
  servers: servers.map(([status, error], n) => ({ server: `s${n}`, status, error: error ?? null })),
});

it("says nothing where all would run it", () => {
  expect(wouldNot(plan(["online"]))).toBe("");
  expect(reasons(plan(["online"]))).toEqual([]);
});

it("says how many would not, and why", () => {
  const why = "the agent of s1 was not started with --allow exec";
  const some = plan(["online"], ["refused", why], ["offline"], ["never"]);
  expect(wouldNot(some)).toBe("3 of 4 would not run it:");
  expect(reasons(some)).toEqual([why, "2 are not connected"]);
  expect(wouldNot(plan(["refused", why]))).toBe("It would not be run:");
});

it("tells the same reason once, and of very many some", () => {
  const role = (n: number): [Planned["status"], string] => ["refused", `reason ${n % 7}`];
  const many = plan(...Array.from({ length: 20 }, (_, n) => role(n)));
  expect(wouldNot(many)).toBe("None of them would run it:");
  expect(reasons(many)).toHaveLength(6);
  expect(reasons(many).at(-1)).toBe("and 2 more like these");
});
