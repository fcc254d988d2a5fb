import { expect, it } from "vitest";
import { spanOf } from "./useSpan";

const NOW = Date.parse("2026-01-02T00:00:00Z");

it("reads durations ago and times, and leaves open what is not said", () => {
  expect(spanOf("1h", "", NOW)).toEqual({
    asked: { since: "2026-01-01T23:00:00.000Z", until: undefined },
    wrong: undefined,
  });
  expect(spanOf("", "", NOW).wrong).toBeUndefined();
});

it("says what is wrong with it", () => {
  expect(spanOf("yesterday", "", NOW).wrong).toBeDefined();
  expect(spanOf("1h", "2h", NOW).wrong).toBe("the span ends before it begins");
  expect(spanOf("2h", "1h", NOW).wrong).toBeUndefined();
});
