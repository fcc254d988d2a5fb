// The commands of alerts, rules and silences: docs/reference/cli.md.
import type { ThresholdSet } from "@/api/types";
import { chatops } from "./chatops";

export const alertCommands = {
  list: (filter: { state: string; server: string; severity: string; since: string }) =>
    chatops(
      ...["alerts", "list", "--state", filter.state],
      ...option("--server", filter.server),
      ...option("--severity", filter.severity),
      ...option("--since", filter.since),
    ),
  show: (id: string) => chatops("alerts", "show", id),
  ack: (id: string, comment: string) =>
    chatops("alerts", "ack", id, ...option("--comment", comment)),
  resolve: (id: string) => chatops("alerts", "resolve", id),
};

/** What a rule's form holds, as it was typed. */
export interface RuleText {
  name: string;
  metric: string;
  op: ThresholdSet["op"];
  value: string;
  clear: string;
  for: string;
  severity: NonNullable<ThresholdSet["severity"]>;
  target: string;
}

export const thresholdCommands = {
  list: () => chatops("thresholds", "list"),
  set: (rule: RuleText) =>
    chatops(
      ...["thresholds", "set", ...condition(rule)],
      ...["--target", rule.target || "all", "--for", rule.for || "1m"],
      ...option("--clear", rule.clear),
      ...["--severity", rule.severity],
      ...option("--name", rule.name),
    ),
  test: (rule: RuleText, since: string) =>
    chatops(
      ...["thresholds", "test", ...condition(rule)],
      ...["--target", rule.target || "all", "--for", rule.for || "1m"],
      ...option("--clear", rule.clear),
      ...["--since", since],
    ),
  show: (rule: string) => chatops("thresholds", "show", rule),
  enable: (rule: string) => chatops("thresholds", "enable", rule),
  disable: (rule: string) => chatops("thresholds", "disable", rule),
  rm: (rule: string) => chatops("thresholds", "rm", rule, "--yes"),
};

export const silenceCommands = {
  list: () => chatops("silences", "list"),
  add: (silence: { target: string; metric: string; for: string; comment: string }) =>
    chatops(
      ...["silences", "add", silence.target || "TARGET", "--for", silence.for || "DURATION"],
      ...option("--metric", silence.metric),
      ...option("--comment", silence.comment),
    ),
  rm: (id: string) => chatops("silences", "rm", id, "--yes"),
};

function condition(rule: RuleText): string[] {
  return [rule.metric || "METRIC", rule.op, rule.value || "VALUE"];
}

function option(name: string, value: string): string[] {
  return value ? [name, value] : [];
}
