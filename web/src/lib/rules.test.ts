import { describe, expect, it } from "vitest";
import type { Replay, ReplayRow, Threshold } from "@/api/types";
import {
  conditionOf,
  NEW_RULE,
  newestFirings,
  readRule,
  replayParams,
  textOf,
  verdict,
} from "./rules";

const RULE: Threshold = {
  id: "1",
  name: "hot",
  metric: "cpu",
  op: "gt",
  value: 90,
  clear: 85.5,
  for_s: 300,
  severity: "critical",
  target: "tag:env=prod",
  enabled: true,
  owner: "ada",
};

describe("readRule", () => {
  it("gives back the rule that the form was filled with", () => {
    const { id, enabled, owner, ...rule } = RULE;
    expect(readRule(textOf(RULE))).toEqual({ rule, wrong: {} });
  });

  it("leaves to the hub what is not said", () => {
    const { rule } = readRule({ ...NEW_RULE, target: "" });
    expect(rule).toMatchObject({ name: null, clear: null, target: "all", for_s: 300, value: 90 });
  });

  it("says what is wrong in which field", () => {
    const { rule, wrong } = readRule({ ...NEW_RULE, value: "a lot", clear: "5GB", for: "5" });
    expect(rule).toBeUndefined();
    expect(Object.keys(wrong)).toEqual(["value", "clear", "for"]);
  });
});

it("asks for a replay with the whole rule", () => {
  const { rule } = readRule(textOf(RULE));
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(rule && replayParams(rule, "24h", now)).toEqual({
    metric: "cpu",
    op: "gt",
    value: 90,
    clear: 85.5,
    for_s: 300,
    target: "tag:env=prod",
    since: "2026-01-01T00:00:00.000Z",
  });
});

it("says a condition in words", () => {
  expect(conditionOf(RULE)).toBe("cpu > 90 % for 5m");
  expect(conditionOf({ ...RULE, for_s: 0, op: "le" })).toBe("cpu ≤ 90 %");
});

describe("verdict", () => {
  const row: ReplayRow = {
    server: "web-1",
    metric: "cpu",
    instance: null,
    values: 100,
    fired: 1,
    fired_s: 60,
    longest_s: 60,
    first_fired_at: null,
    last_fired_at: null,
    firing: false,
    plain_fired: 7,
    plain_s: 90,
    firings: [],
  };
  const replay: Replay = {
    metric: "cpu",
    op: "gt",
    value: 90,
    clear: 85,
    for_s: 60,
    target: "all",
    since: "2026-01-01T00:00:00Z",
    until: "2026-01-02T00:00:00Z",
    step: null,
    items: [row, { ...row, fired: 2 }],
  };

  it("sums over servers, and says how it was judged", () => {
    const [first, second] = verdict(replay);
    expect(first).toContain("fired 3 times");
    expect(first).toContain("14 times");
    expect(second).toBe("Judged by the samples themselves.");
    expect(verdict({ ...replay, step: 600 })[1]).toContain("worst value of each 10m");
    expect(verdict({ ...replay, items: [{ ...row, values: 0 }] })[1]).toContain("no history");
  });

  it("tells of each firing, the newest first, and of one that goes on until now", () => {
    const at = (hour: number) => `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`;
    const early = { fired_at: at(1), resolved_at: at(2), worst: 95 };
    const late = { fired_at: at(23), resolved_at: null, worst: 99 };
    const items = [
      { ...row, firings: [early] },
      { ...row, server: "web-2", firings: [late] },
    ];
    const found = newestFirings({ ...replay, items });
    expect(found.map(({ row: { server }, seconds }) => [server, seconds])).toEqual([
      ["web-2", 3600],
      ["web-1", 3600],
    ]);
  });
});
