import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { concerns, marksOf } from "./marks";

const at = (second: number) => new Date(second * 1000).toISOString();
const alert = (id: string, fired: number | null, over: number | null, more: Partial<Alert> = {}) =>
  ({
    id,
    metric: "cpu",
    instance: null,
    severity: "critical",
    message: "cpu is 99 %, above 90 %",
    fired_at: fired === null ? null : at(fired),
    resolved_at: over === null ? null : at(over),
    ...more,
  }) as Alert;

describe("marksOf", () => {
  it("takes what touches the span, oldest first, and no alert that never fired", () => {
    const alerts = [
      alert("goes on", 150, null),
      alert("over before", 10, 50),
      alert("reaches in", 90, 110),
      alert("pending", null, null),
      alert("later", 500, null),
    ];
    const marks = marksOf(alerts, [], 100, 200);
    expect(marks.map((mark) => [mark.key, mark.from, mark.to])).toEqual([
      ["reaches in", 90, 110],
      ["goes on", 150, null],
    ]);
    expect(marks[0]?.tone).toBe("bad");
  });

  it("takes what an agent lost", () => {
    const gap = { server: "a", since: at(100), until: at(160), samples: 12, reason: "full" };
    const [mark] = marksOf([], [gap], 0, 200);
    expect([mark?.tone, mark?.from, mark?.to]).toEqual(["lost", 100, 160]);
    expect(mark?.text).toContain("12 samples are lost");
  });
});

describe("concerns", () => {
  const mark = (metric: string, instance: string | null = null) => {
    const [one] = marksOf([alert("a", 1, null, { metric, instance })], [], 0, 2);
    if (!one) throw new Error("no mark");
    return one;
  };

  it("puts an alert into the charts of its metric", () => {
    expect(concerns(mark("cpu"), ["cpu"])).toBe(true);
    expect(concerns(mark("cpu"), ["memory"])).toBe(false);
    expect(concerns(mark("net.tx"), ["net.rx", "net.tx"])).toBe(true);
  });

  it("puts one of an instance not into another's chart", () => {
    expect(concerns(mark("disk", "/var"), ["disk"])).toBe(true);
    expect(concerns(mark("disk", "/var"), ["disk:/var"])).toBe(true);
    expect(concerns(mark("disk", "/var"), ["disk:/"])).toBe(false);
  });

  it("puts a server's being away into all", () => {
    expect(concerns(mark("offline"), ["memory"])).toBe(true);
  });
});
