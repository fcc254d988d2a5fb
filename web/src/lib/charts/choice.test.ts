import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { ServerSample } from "@/api/types";
import { unitOf } from "../metricNames";
import { chartable, isChartable, USUAL_CHARTS } from "./choice";

const SAMPLE = {
  disks: [{ mount: "/var" }],
  disk_io: [],
  network: [{ interface: "eth0" }],
  temperatures: [],
  containers: [],
  custom: [{ name: "backup_age" }],
} as unknown as ServerSample;

it("offers every name of the reference that has a history, in its unit", () => {
  const documented = readFileSync("../docs/reference/metrics.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, names = "", unit]) => [/^`([^`:]+)/.exec(names)?.[1] ?? "", unit] as const)
    .filter(([name]) => name !== "offline");
  expect(documented.map(([name]) => [name, unitOf(name)])).toEqual(documented);
  const offered = chartable().map(({ name }) => name);
  expect(offered).toEqual(documented.map(([name]) => name).filter((name) => name !== "custom"));
});

it("offers the instances that a server has", () => {
  const names = chartable(SAMPLE).map(({ name }) => name);
  for (const name of ["disk", "disk:/var", "net.rx:eth0", "custom:backup_age"]) {
    expect(names).toContain(name);
  }
});

it("tells what there is a chart of from what there is none of", () => {
  const good = [...USUAL_CHARTS.flat(), "disk:/var", "custom:x"];
  expect(good.map(isChartable)).toEqual(good.map(() => true));
  const bad = ["", "nope", "custom", "cpu:0", "disk:", "disk:*", "offline"];
  expect(bad.map(isChartable)).toEqual(bad.map(() => false));
});
