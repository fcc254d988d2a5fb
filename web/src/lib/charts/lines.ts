// What a chart's lines are made of. Pure; the rules are those of `chatops metrics plot`.
import type { HistoryRow } from "@/api/types";
import { unitOf } from "../metricNames";

export interface Point {
  /** Unix seconds: where its step begins. */
  ts: number;
  value: number;
  min: number;
  max: number;
}

export interface Line {
  metric: string;
  points: Point[];
}

/** The lines of a history, in the order of `metrics`; one without rows has no points. */
export function linesOf(rows: readonly HistoryRow[], metrics: readonly string[]): Line[] {
  const found = new Map<string, Point[]>(metrics.map((metric) => [metric, []]));
  for (const { ts, metric, value, min, max } of rows) {
    found.get(metric)?.push({ ts: Date.parse(ts) / 1000, value, min, max });
  }
  return [...found].map(([metric, points]) => ({ metric, points }));
}

/** A line with what came live after its last row, no older than `since`. */
export function extended(line: Line, live: readonly Point[], step: number, since: number): Line {
  const last = line.points.at(-1);
  const from = last ? last.ts + step : since;
  const later = live.filter((point) => point.ts > (last?.ts ?? 0) && point.ts >= from);
  return later.length ? { ...line, points: [...line.points, ...later] } : line;
}

/** So many live points of a line are kept: an hour at the usual 5 s. */
export const KEPT = 720;

/** Live points by METRIC with those of one more sample. One that came before it comes too late. */
export function appended(
  before: Readonly<Record<string, Point[]>>,
  ts: number,
  values: Readonly<Record<string, number>>,
): Record<string, Point[]> {
  const after = { ...before };
  for (const [metric, value] of Object.entries(values)) {
    const points = before[metric] ?? [];
    const point = { ts, value, min: value, max: value };
    if (ts > (points.at(-1)?.ts ?? 0)) after[metric] = [...points, point].slice(-KEPT);
  }
  return after;
}

/** So many steps without a row are a gap where steps hold many samples, so none may be empty. */
const SURE = 1.5;
/** Where they hold one or none, the next may come late. */
const UNSURE = 2.5;

/** The longest time in seconds between two points that belong together. */
export function longestPause(points: readonly Point[], step: number): number {
  const apart = points.slice(1).map((point, at) => point.ts - (points[at]?.ts ?? 0));
  const usual = [...apart].sort((one, other) => one - other)[Math.floor(apart.length / 2)] ?? 0;
  const many = points.filter((point) => point.min < point.max).length * 2 > points.length;
  return Math.max(step, usual) * (many ? SURE : UNSURE);
}

type Column = (number | null | undefined)[];

/** Times, then value, least and most of each line. null breaks a line, undefined does not. */
export type Columns = [number[], ...Column[]];

/** The lines side by side, as the chart draws them: gaps are gaps. */
export function columnsOf(lines: readonly Line[], step: number): Columns {
  const each = lines.map((line) => withBreaks(line.points, step));
  const times = [...new Set(each.flatMap((points) => [...points.keys()]))].sort((a, b) => a - b);
  const columns = each.flatMap((points) =>
    (["value", "min", "max"] as const).map((part) =>
      times.map((ts) => {
        const point = points.get(ts);
        return point ? point[part] : point;
      }),
    ),
  );
  return [times, ...columns];
}

function withBreaks(points: readonly Point[], step: number): Map<number, Point | null> {
  const longest = longestPause(points, step);
  const found = new Map<number, Point | null>();
  let before: Point | undefined;
  for (const point of points) {
    if (before && point.ts - before.ts > longest) found.set((before.ts + point.ts) / 2, null);
    found.set(point.ts, point);
    before = point;
  }
  return found;
}

export interface Figures {
  last: number;
  mean: number;
  min: number;
  max: number;
}

/**
 * A line in numbers, for those who do not see it; null where there is none. A live point does not
 * count as much in the mean as one that stands for a whole step.
 */
export function figuresOf({ points }: Line, step: number): Figures | null {
  const last = points.at(-1);
  if (!last) return null;
  let [sum, time, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  points.forEach((point, index) => {
    const before = points[index - 1];
    const weight = step && before ? Math.min(step, point.ts - before.ts) : step || 1;
    sum += point.value * weight;
    time += weight;
    min = Math.min(min, point.min);
    max = Math.max(max, point.max);
  });
  return { last: last.value, mean: sum / time, min, max };
}

/** What the value axis shows: per cent, and values that differ much, begin at 0. */
export function valueRange(
  min: number | null,
  max: number | null,
  metric: string,
): [number, number] {
  const unit = unitOf(metric);
  if (min === null || max === null) return [0, unit === "%" ? 100 : 1];
  const spread = max - min;
  if (unit === "%" && min >= 0) return [0, max > 50 ? Math.max(100, max) : Math.max(max * 1.2, 1)];
  if (min >= 0 && (min < max / 2 || spread === 0)) return [0, max * 1.1 || 1];
  const room = spread * 0.1 || Math.abs(max) * 0.1 || 1;
  return [min - room, max + room];
}

/** What stands below a mark of the time axis whose marks are `apart` seconds from each other. */
export function timeMark(ts: number, apart: number): string {
  const at = new Date(ts * 1000);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  const two = (count: number) => String(count).padStart(2, "0");
  if (apart >= 86_400 || midnight) {
    return at.toLocaleDateString(undefined, { month: "short", day: "numeric" });
  }
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return apart < 60 ? `${clock}:${two(at.getSeconds())}` : clock;
}
