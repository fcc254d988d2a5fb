import type { Span } from "@/lib/charts/spans";

/** A span as the CLI's --since and --until take it. */
export function sinceAndUntil({ range, seconds, until }: Span): [string, string | null] {
  if (until === null) return [range, null];
  return [stamp(until - seconds), stamp(until)];
}

const stamp = (ts: number) => new Date(ts * 1000).toISOString().replace(/\.\d+Z$/, "Z");
