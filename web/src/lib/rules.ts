// A rule as its form has it, and back: pure, so that it can be tested without one.
import type { Params } from "@/api/client";
import type { Replay, ReplayRow, Threshold, ThresholdSet } from "@/api/types";
import { attempt } from "./attempt";
import type { RuleText } from "./commands/alerts";
import { clock, duration } from "./format";
import { exactValue, inUnit, parseValue } from "./metricNames";
import { visible } from "./text";
import { exactDuration, parseDuration, parseMoment } from "./units";

export const OPS: Record<ThresholdSet["op"], string> = { gt: ">", ge: "≥", lt: "<", le: "≤" };

export const NEW_RULE: RuleText = {
  name: "",
  metric: "cpu",
  op: "gt",
  value: "90%",
  clear: "",
  for: "5m",
  severity: "warning",
  target: "all",
};

/** What a rule that there is looks like in the form. */
export function textOf(rule: Threshold): RuleText {
  return {
    name: rule.name,
    metric: rule.metric,
    op: rule.op,
    value: exactValue(rule.metric, rule.value),
    clear: exactValue(rule.metric, rule.clear),
    for: exactDuration(rule.for_s),
    severity: rule.severity,
    target: rule.target,
  };
}

export type RuleWrong = Partial<Record<"value" | "clear" | "for", string>>;

/** The rule that the form means, or what is wrong in which field. */
export function readRule(text: RuleText): { rule: ThresholdSet | undefined; wrong: RuleWrong } {
  const { metric } = text;
  const [value, badValue] = attempt(() => parseValue(metric, text.value));
  const [clear, badClear] = attempt(() => (text.clear ? parseValue(metric, text.clear) : null));
  const [for_s, badFor] = attempt(() => parseDuration(text.for));
  const found = { value: badValue, clear: badClear, for: badFor };
  const wrong = Object.fromEntries(Object.entries(found).filter(([, one]) => one)) as RuleWrong;
  if (!metric || value === undefined || clear === undefined || for_s === undefined) {
    return { rule: undefined, wrong };
  }
  const { op, severity, target } = text;
  const name = text.name || null;
  return {
    rule: { metric, op, value, clear, for_s, severity, target: target || "all", name },
    wrong,
  };
}

/** The query that tries a rule on what was. */
export function replayParams(rule: ThresholdSet, since: string, now: number): Params {
  const { metric, op, value, clear, for_s, target } = rule;
  return { metric, op, value, clear, for_s, target, since: parseMoment(since, now) };
}

/** A rule's condition in words: cpu > 90 % for 5m. */
export function conditionOf(rule: Pick<Threshold, "metric" | "op" | "value" | "for_s">): string {
  const { metric, op, value, for_s } = rule;
  const lasting = for_s > 0 ? ` for ${duration(for_s)}` : "";
  return `${visible(metric)} ${OPS[op]} ${inUnit(metric, value)}${lasting}`;
}

/** What came of it, and how it was judged, in sentences. */
export function verdict(replay: Replay): string[] {
  const fired = sum(replay.items, (row) => row.fired);
  const plain = sum(replay.items, (row) => row.plain_fired);
  const since = clock(replay.since);
  return [
    `It would have fired ${times(fired)} since ${since}; without “for” and “clears at” ${times(plain)}.`,
    judgedBy(replay),
  ];
}

function judgedBy(replay: Replay): string {
  if (!replay.items.some((row) => row.values)) return "There is no history of it in that time.";
  if (replay.metric === "offline") return "Judged by when agents came and went.";
  if (replay.step === null) return "Judged by the samples themselves.";
  return `Judged by the worst value of each ${duration(replay.step)}: what swings within it looks like one long breach.`;
}

export const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function sum(rows: readonly ReplayRow[], value: (row: ReplayRow) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

interface Fired {
  row: ReplayRow;
  firing: ReplayRow["firings"][number];
  seconds: number;
}

/** Each time that it would have fired, on whichever server, the newest first. */
export function newestFirings(replay: Replay): Fired[] {
  return replay.items
    .flatMap((row) =>
      row.firings.map((firing) => {
        const end = Date.parse(firing.resolved_at ?? replay.until);
        return { row, firing, seconds: (end - Date.parse(firing.fired_at)) / 1000 };
      }),
    )
    .sort((one, other) => other.firing.fired_at.localeCompare(one.firing.fired_at));
}
