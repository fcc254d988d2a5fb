import { describe, expect, it } from "vitest";
import { age, bytes, clock, duration, number, percent, rate, took } from "./format";

describe("format", () => {
  it("says bytes in powers of 1024", () => {
    expect([0, 1023, 1024, 1536, 5 * 1024 ** 3, 200 * 1024].map(bytes)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.5 KiB",
      "5.0 GiB",
      "200 KiB",
    ]);
    expect(rate(2048)).toBe("2.0 KiB/s");
    expect(bytes(-2048)).toBe("-2.0 KiB");
  });

  it("says what is not known with a dash", () => {
    expect([bytes(null), rate(undefined), percent(null), number(null)]).toEqual([
      "–",
      "–",
      "–",
      "–",
    ]);
  });

  it("says per cent to a tenth where it matters", () => {
    expect([0.04, 9.96, 10, 99.7].map(percent)).toEqual(["0.0 %", "10.0 %", "10 %", "100 %"]);
  });

  it("says durations in at most two units", () => {
    expect([0, 0.4, 59, 60, 3660, 90_000, 86_400 * 12 + 7200].map(duration)).toEqual([
      "0s",
      "0s",
      "59s",
      "1m",
      "1h 1m",
      "1d 1h",
      "12d",
    ]);
  });

  it("says what a command took, and times as the CLI does", () => {
    expect([28, 1_234, 75_000].map(took)).toEqual(["0.028 s", "1.2 s", "1m 15s"]);
    expect(clock(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("2026-01-02 03:04:05");
    expect(clock("no time")).toBe("–");
  });

  it("counts ages from now, and none is negative", () => {
    const now = Date.parse("2026-01-01T00:01:00Z");
    expect(age("2026-01-01T00:00:00Z", now)).toBe("1m");
    expect(age("2026-01-01T00:02:00Z", now)).toBe("0s");
    expect(age(null, now)).toBe("never");
  });
});
