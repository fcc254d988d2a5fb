import { describe, expect, it } from "vitest";
import type { ServerSample } from "@/api/types";
import { gapNote, notesOf, sumOf } from "./sample";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const sample = (more: Partial<ServerSample> = {}) =>
  ({ ts: "2026-01-01T11:59:58Z", missing: {}, clock_skew: 0.5, ...more }) as ServerSample;
const texts = (status: "online" | "offline", one: ServerSample) =>
  notesOf({ status }, one, [], NOW).map((note) => note.text);

describe("notesOf", () => {
  it("says nothing where all is well", () => expect(texts("online", sample())).toEqual([]));

  it("says how old values are that are not of now", () => {
    const old = sample({ ts: "2026-01-01T11:58:00Z" });
    expect(texts("online", old)).toEqual(["Samples are late: these values are 2m old."]);
    expect(texts("offline", old)).toEqual(["The server is offline: these values are 2m old."]);
  });

  it("says which way a clock is wrong", () => {
    expect(texts("online", sample({ clock_skew: -90 }))[0]).toContain("1m 30s behind the hub's");
    expect(texts("online", sample({ clock_skew: 5 }))[0]).toContain("5s ahead of the hub's");
  });

  it("says what was not measured and why", () => {
    const missing = { temperatures: "no sensors", containers: "no engine" };
    expect(texts("online", sample({ missing }))).toEqual([
      "Not measured: containers: no engine",
      "Not measured: temperatures: no sensors",
    ]);
  });
});

it("says what an agent lost", () => {
  const gap = { server: "a", since: "x", until: "y", samples: 1, reason: "full" };
  expect(gapNote(gap).text).toMatch(/^1 sample is lost .*: the agent's spool was full\.$/);
  expect(gapNote({ ...gap, samples: 9, reason: "damaged" }).text).toMatch(/^9 samples.*damaged\.$/);
});

it("sums what is known, and what is not known is not 0", () => {
  expect(sumOf([1, null, 2])).toBe(3);
  expect(sumOf([null, undefined])).toBeNull();
  expect(sumOf([])).toBeNull();
});
