// What is marked in charts: when alerts fired and were resolved, and what an agent lost. Pure.
import type { Alert, HistoryPage } from "@/api/types";
import { clock } from "../format";
import { gapNote } from "../sample";
import { baseOf } from "./choice";

export type MarkTone = "bad" | "warn" | "accent" | "lost";

export interface Mark {
  key: string;
  tone: MarkTone;
  /** Unix seconds; null where it is not over. */
  from: number;
  to: number | null;
  text: string;
  /** Of an alert: where to read more. */
  alert?: string;
  /** In the charts of this METRIC, of this instance alone; without one in all. */
  metric?: string;
  instance?: string | null;
}

const TONES: Record<Alert["severity"], MarkTone> = {
  critical: "bad",
  warning: "warn",
  info: "accent",
};
/** A server that is away says nothing of any metric. */
const AWAY = "offline";

/** The marks that touch a time, oldest first. */
export function marksOf(
  alerts: readonly Alert[],
  gaps: NonNullable<HistoryPage["gaps"]>,
  from: number,
  to: number,
): Mark[] {
  return [...alerts.flatMap(alertMark), ...gaps.map(gapMark)]
    .filter((mark) => mark.from <= to && (mark.to ?? to) >= from)
    .sort((one, other) => one.from - other.from);
}

function alertMark(alert: Alert): Mark[] {
  if (!alert.fired_at) return [];
  const over = alert.resolved_at ? ` to ${clock(alert.resolved_at)}` : ", not over";
  return [
    {
      key: alert.id,
      alert: alert.id,
      tone: TONES[alert.severity],
      from: seconds(alert.fired_at),
      to: alert.resolved_at ? seconds(alert.resolved_at) : null,
      text: `${alert.severity}: ${alert.message} (${clock(alert.fired_at)}${over})`,
      ...(alert.metric === AWAY ? {} : { metric: alert.metric, instance: alert.instance }),
    },
  ];
}

function gapMark(gap: NonNullable<HistoryPage["gaps"]>[number]): Mark {
  return {
    key: `lost ${gap.since}`,
    tone: "lost",
    from: seconds(gap.since),
    to: seconds(gap.until),
    text: gapNote(gap).text,
  };
}

const seconds = (time: string) => Date.parse(time) / 1000;

/** Whether a mark belongs into a chart of these metrics. */
export function concerns(mark: Mark, metrics: readonly string[]): boolean {
  if (!mark.metric) return true;
  return metrics.some(
    (metric) =>
      baseOf(metric) === mark.metric &&
      (!mark.instance || !metric.includes(":") || metric === `${mark.metric}:${mark.instance}`),
  );
}
