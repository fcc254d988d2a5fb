import { describe, expect, it } from "vitest";
import { RANGES, readSpan, secondsOf, shifted, spanBetween, stepFor } from "./spans";

const read = (query: string) => readSpan(new URLSearchParams(query));

describe("spans", () => {
  it("are read from an address that anybody may have written", () => {
    expect(read("")).toEqual({ range: "1h", seconds: 3600, until: null });
    expect(read("range=24h&until=1000")).toEqual({ range: "24h", seconds: 86_400, until: 1000 });
    for (const bad of ["x", "0h", "-1h", "1s", "99999999d", "1h; rm"]) {
      expect(read(`range=${encodeURIComponent(bad)}&until=x`)).toEqual(read(""));
    }
  });

  it("are written as they are read", () => {
    for (const [from, to] of [
      [0, 3600],
      [5, 95],
      [0, 86_400],
      [10, 1_234_567],
    ] as const) {
      const span = spanBetween(from, to);
      expect(secondsOf(span.range)).toBe(to - from);
      expect(span.until).toBe(to);
    }
    expect(spanBetween(100, 101).seconds).toBe(30);
  });

  it("go back and forth by half, and follow the time again at its end", () => {
    const live = read("range=1h");
    const back = shifted(live, -1, 10_000);
    expect(back.until).toBe(8200);
    expect(shifted(back, 1, 10_000).until).toBeNull();
  });

  it("have a step that a chart has room for", () => {
    const steps = RANGES.map((range) => stepFor(secondsOf(range) ?? 0));
    expect(steps).toEqual([null, 10, 30, 120, 1200, 3600, 10_800]);
  });
});
