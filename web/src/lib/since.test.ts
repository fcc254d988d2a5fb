import { expect, it } from "vitest";
import { since } from "./since";

it("is so long ago, and nothing for what is no duration", () => {
  const now = Date.UTC(2026, 0, 8);
  expect(since("7d", now)).toBe("2026-01-01T00:00:00.000Z");
  expect(since("90m", now)).toBe("2026-01-07T22:30:00.000Z");
  expect([since("", now), since("7x", now), since("-1d", now)]).toEqual(Array(3).fill(undefined));
});
