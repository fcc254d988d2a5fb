import type { Alert } from "@/api/types";
import { USUAL_CHARTS } from "./charts/choice";

/** What the list is asked for. `state` is one of CHOICES, `since` a duration or a time. */
export interface AlertFilter extends Record<string, string> {
  state: string;
  severity: string;
  server: string;
  since: string;
}

export const USUAL: AlertFilter = { state: "", severity: "", server: "", since: "24h" };

/** Which states a choice means; the first is what the page shows unasked. */
export const STATES: Record<string, Alert["state"][]> = {
  "": ["firing", "acknowledged", "resolved"],
  open: ["firing", "acknowledged"],
  firing: ["firing"],
  acknowledged: ["acknowledged"],
  resolved: ["resolved"],
  pending: ["pending"],
};

export const statesOf = (choice: string): Alert["state"][] => STATES[choice] ?? STATES[""] ?? [];

const STATE_ORDER: Alert["state"][] = ["firing", "acknowledged", "pending", "resolved"];
const SEVERITY_ORDER: Alert["severity"][] = ["critical", "warning", "info"];

/** What needs somebody first: firing before acknowledged, the worst first, of these the newest. */
export function inOrder(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort(
    (one, other) =>
      STATE_ORDER.indexOf(one.state) - STATE_ORDER.indexOf(other.state) ||
      (one.state === "resolved"
        ? 0
        : SEVERITY_ORDER.indexOf(one.severity) - SEVERITY_ORDER.indexOf(other.severity)) ||
      changedAt(other).localeCompare(changedAt(one)),
  );
}

/** When the alert became what it is. */
export function changedAt(alert: Alert): string {
  if (alert.state === "resolved" && alert.resolved_at) return alert.resolved_at;
  return alert.fired_at ?? alert.started_at;
}

/** The state, and what else is to be known of it while it is open. */
export function stateWords(alert: Alert): string {
  if (alert.state === "resolved") return alert.state;
  const marks = [alert.stale && "stale", alert.silenced && "silenced"].filter(Boolean);
  return marks.length ? `${alert.state} (${marks.join(", ")})` : alert.state;
}

/** The METRIC with its instance, as a rule or a silence names it. */
export function watched(alert: Pick<Alert, "metric" | "instance">): string {
  return alert.instance ? `${alert.metric}:${alert.instance}` : alert.metric;
}

/** What a silence of this alert is for, as TARGET. */
export function targetOf(alert: Pick<Alert, "server" | "servers">): string {
  return alert.server ?? (alert.servers ?? []).join(",");
}

const AROUND_S = 1800;

/** The charts of an alert's server, half an hour before it fired and after; null of several. */
export function chartsOf(alert: Alert, now: number): string | null {
  if (!alert.server) return null;
  const query = new URLSearchParams({ range: "1h" });
  const until = Math.round(Date.parse(changedAt({ ...alert, state: "firing" })) / 1000) + AROUND_S;
  if (until * 1000 < now) query.set("until", String(until));
  const metric = watched(alert);
  if (!USUAL_CHARTS.flat().includes(metric)) query.set("metric", metric);
  return `/servers/${encodeURIComponent(alert.server)}/metrics?${query}`;
}
