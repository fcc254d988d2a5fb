import { expect, it } from "vitest";
import { Pace } from "./pace";

const MiB = 1_048_576;

it("passes over what comes too fast, until the screen has caught up, and says how much", () => {
  const pace = new Pace();
  const admitted = Array.from({ length: 10 }, () => pace.admits(MiB)).filter(Boolean).length;
  expect(admitted).toBe(5);
  expect([pace.shown(MiB), pace.shown(MiB), pace.shown(MiB), pace.shown(MiB)]).toEqual([
    0, 0, 0, 0,
  ]);
  expect(pace.admits(1)).toBe(false);
  expect(pace.shown(MiB)).toBe(5 * MiB + 1);
  expect(pace.admits(MiB)).toBe(true);
  expect(pace.shown(MiB)).toBe(0);
});
