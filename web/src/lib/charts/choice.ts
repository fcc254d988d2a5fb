// Which metrics a server's charts show.
import type { ServerSample } from "@/api/types";
import { metricNames } from "../metricNames";

/** What everybody wants to see first: the metrics of each chart. */
export const USUAL_CHARTS: string[][] = [
  ["cpu"],
  ["memory"],
  ["load1"],
  ["disk"],
  ["net.rx", "net.tx"],
  ["disk.read", "disk.write"],
];

/** `disk` of `disk:/var`. */
export const baseOf = (metric: string) => metric.split(":", 1)[0] ?? metric;

// The hub counts this one for its rules only: there is no history of it.
const UNKEPT = "offline";

/** The names that a chart may be of, by the server's newest sample, and what they mean. */
export function chartable(sample?: ServerSample): { name: string; meaning: string }[] {
  return metricNames(sample).filter(({ name }) => baseOf(name) !== UNKEPT && !name.endsWith(":*"));
}

const ALL = metricNames().map(({ name }) => name);

/** Whether there can be a chart of it: a name that is known, or an instance of one that has any. */
export function isChartable(metric: string): boolean {
  const base = baseOf(metric);
  if (base === UNKEPT || metric.endsWith(":") || metric.endsWith(":*")) return false;
  return metric.includes(":") ? ALL.includes(`${base}:*`) : ALL.includes(base);
}
