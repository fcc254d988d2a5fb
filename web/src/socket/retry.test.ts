import { describe, expect, it } from "vitest";
import { ending, wait } from "./retry";

describe("wait", () => {
  it("doubles from half a second and stops at fifteen", () => {
    expect([1, 2, 3, 6, 50].map((failures) => wait(failures, 1))).toEqual([
      500, 1000, 2000, 15_000, 15_000,
    ]);
  });

  it("is spread, and never a hot loop", () => {
    expect(wait(1, 0)).toBeGreaterThanOrEqual(100);
    expect(wait(6, 0)).toBeLessThan(wait(6, 0.5));
  });
});

describe("ending", () => {
  it("renews an ended token, gives up where coming back is of no use, and else comes back", () => {
    expect([4014, 4015, 4016, 4013].map(ending)).toEqual(["renew", "final", "final", "final"]);
    expect([1000, 1001, 1006, 1009, 1011, 1013, 4000, 4017, 4999].map(ending)).toEqual(
      Array(9).fill("retry"),
    );
  });
});
