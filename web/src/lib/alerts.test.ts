import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { chartsOf, inOrder, stateWords, targetOf, watched } from "./alerts";

const alert = (id: string, more: Partial<Alert> = {}): Alert => ({
  id,
  server: "web-1",
  metric: "cpu",
  instance: null,
  threshold_id: "r",
  threshold_name: "hot",
  state: "firing",
  stale: false,
  severity: "warning",
  value: 95,
  threshold: 90,
  op: "gt",
  message: "cpu is 95 %",
  started_at: "2026-01-01T00:00:00.000Z",
  fired_at: "2026-01-01T00:01:00.000Z",
  acked_by: null,
  resolved_at: null,
  resolved_reason: null,
  comment: null,
  silenced: false,
  servers: null,
  ...more,
});

describe("inOrder", () => {
  it("puts firing first, then acknowledged, then resolved; the worst and the newest first", () => {
    const alerts = [
      alert("gone", { state: "resolved", severity: "critical", resolved_at: "2026-01-01T03:00Z" }),
      alert("gone later", { state: "resolved", resolved_at: "2026-01-01T04:00Z" }),
      alert("known", { state: "acknowledged", severity: "critical" }),
      alert("old"),
      alert("new", { fired_at: "2026-01-01T00:02:00.000Z" }),
      alert("bad", { severity: "critical" }),
    ];
    expect(inOrder(alerts).map(({ id }) => id)).toEqual([
      "bad",
      "new",
      "old",
      "known",
      "gone later",
      "gone",
    ]);
  });
});

it("says what else is to be known of an open alert", () => {
  expect(stateWords(alert("a", { stale: true, silenced: true }))).toBe("firing (stale, silenced)");
  expect(stateWords(alert("a", { stale: true, state: "resolved" }))).toBe("resolved");
});

it("names what a silence is for", () => {
  expect(watched(alert("a", { metric: "disk", instance: "/var" }))).toBe("disk:/var");
  expect(targetOf(alert("a", { server: null, servers: ["a", "b"] }))).toBe("a,b");
});

describe("chartsOf", () => {
  const fired = Date.parse("2026-01-01T00:01:00.000Z");

  it("leads to the time round the alert, and to what it watches", () => {
    const disk = alert("a", { metric: "disk", instance: "/var" });
    expect(chartsOf(disk, fired + 86_400_000)).toBe(
      `/servers/web-1/metrics?range=1h&until=${fired / 1000 + 1800}&metric=disk%3A%2Fvar`,
    );
  });

  it("goes on by itself while that is now, and shows no chart twice", () => {
    expect(chartsOf(alert("a"), fired + 60_000)).toBe("/servers/web-1/metrics?range=1h");
    expect(chartsOf(alert("a", { server: null, servers: ["b"] }), fired)).toBeNull();
  });
});
