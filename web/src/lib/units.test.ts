import { describe, expect, it } from "vitest";
import { exactDuration, parseDuration, parseMoment, parseSize } from "./units";

describe("durations", () => {
  it("are read as the CLI reads them", () => {
    expect(["0", "500ms", "30s", "1h30m", " 2w ", "1.5s"].map(parseDuration)).toEqual([
      0, 0.5, 30, 5400, 1_209_600, 1.5,
    ]);
    for (const bad of ["", "5", "5 m", "m", "-5m", "1h x", "99999999d"]) {
      expect(() => parseDuration(bad)).toThrow();
    }
  });

  it("are written so that they are read as the same", () => {
    for (const seconds of [0, 0.25, 1.5, 59, 60, 90, 3600, 5400, 86_400, 604_800]) {
      expect(parseDuration(exactDuration(seconds))).toBe(seconds);
    }
    expect(exactDuration(7200)).toBe("2h");
  });
});

describe("sizes", () => {
  it("know powers of ten and of two", () => {
    expect(["10", "64kB", "1.5GiB", "512 MiB", "3B"].map(parseSize)).toEqual([
      10,
      64_000,
      1.5 * 2 ** 30,
      512 * 2 ** 20,
      3,
    ]);
    expect(() => parseSize("10 apples")).toThrow("no size");
  });
});

describe("moments", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  it("are durations ago or times; without a zone these are UTC", () => {
    expect(parseMoment("24h", now)).toBe("2026-01-01T00:00:00.000Z");
    expect(parseMoment("2026-01-01", now)).toBe("2026-01-01T00:00:00.000Z");
    expect(parseMoment("2026-01-01T01:00", now)).toBe("2026-01-01T01:00:00.000Z");
    expect(parseMoment("2026-01-01T01:00:00+01:00", now)).toBe("2026-01-01T00:00:00.000Z");
    expect(() => parseMoment("2026-13-41", now)).toThrow("no time");
    expect(() => parseMoment("yesterday", now)).toThrow("no duration");
  });
});
