import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { ServerSample } from "@/api/types";
import { inUnit, isMetric, METRICS, namesOf, unitOf } from "./metrics";

const documented = readFileSync("../docs/reference/metrics.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

it("knows the names and units that the reference has", () => {
  const units: Record<string, string> = {};
  for (const [, names = "", unit = ""] of documented) {
    const [, name = ""] = /^`([^`:]+)/.exec(names) ?? [];
    units[name] = unit;
  }
  // The hub measures how long a server is away only for its rules: there is no history of it.
  delete units.offline;
  expect(Object.fromEntries(Object.keys(METRICS).map((name) => [name, unitOf(name)]))).toEqual(
    units,
  );
});

const SAMPLE = {
  disks: [{ mount: "/" }, { mount: "/var" }],
  disk_io: [],
  network: [{ interface: "eth0" }],
  temperatures: [],
  containers: [{ name: "web" }],
  custom: [{ name: "backup_age" }],
} as unknown as ServerSample;

it("offers the instances that a sample has", () => {
  const names = namesOf(SAMPLE);
  expect(names).toContain("disk");
  expect(names).toContain("disk:/var");
  expect(names).toContain("net.rx:eth0");
  expect(names).toContain("custom:backup_age");
  expect(names).not.toContain("custom");
  expect(namesOf(undefined)).not.toContain("disk:/var");
});

it("tells a name from what is none", () => {
  expect(["cpu", "disk", "disk:/var", "custom:x"].map(isMetric)).toEqual([true, true, true, true]);
  expect(["", "nope", "custom", "cpu:0", "disk:"].map(isMetric)).toEqual(Array(5).fill(false));
});

it("says values in their units", () => {
  expect(inUnit("%", 12.3)).toBe("12 %");
  expect(inUnit("B/s", 2048)).toBe("2.0 KiB/s");
  expect(inUnit("s", 0.25)).toBe("0.25 s");
  expect(inUnit("s", 7200)).toBe("2h");
  expect(inUnit("°C", 61.5)).toBe("61.5 °C");
  expect(inUnit("/s", 2)).toBe("2/s");
  expect(inUnit("", null)).toBe("–");
});
