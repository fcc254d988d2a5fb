import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ServerSample } from "@/api/types";
import { exactValue, inUnit, metricNames, parseValue, unitOf } from "./metricNames";

describe("metric names", () => {
  it("are those of the reference, with their units", () => {
    const document = readFileSync(
      `${import.meta.dirname}/../../../docs/reference/metrics.md`,
      "utf8",
    );
    const rows = [...document.matchAll(/^\| `([a-z0-9.]+)[^|]*\| ([^|]*) \|/gm)];
    expect(rows.length).toBeGreaterThan(25);
    for (const [, name, unit] of rows)
      expect([name, unitOf(name ?? "")]).toEqual([name, unit?.trim()]);
    const known = new Set(metricNames().map(({ name }) => name.split(":")[0]));
    expect(known).toEqual(new Set(rows.map(([, name]) => name)));
  });

  it("have the instances of a sample", () => {
    const sample = {
      disks: [{ mount: "/var" }],
      disk_io: [],
      network: [{ interface: "eth0" }],
      temperatures: [],
      containers: [],
      custom: [{ name: "queue" }],
    } as unknown as ServerSample;
    const names = metricNames(sample).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["disk", "disk:*", "disk:/var", "net.rx:eth0", "custom:queue"]),
    );
    expect(names).not.toContain("custom");
  });
});

describe("values", () => {
  it("are read in the metric's unit", () => {
    const read: [string, string, number][] = [
      ["cpu", "90%", 90],
      ["disk:/var", "90", 90],
      ["memory.available", "512MiB", 2 ** 29],
      ["net.rx:eth0", "10MB/s", 1e7],
      ["offline", "5m", 300],
      ["clock.skew", "-30", -30],
      ["temp", "80C", 80],
      ["load1", ".5", 0.5],
    ];
    for (const [metric, text, value] of read) expect(parseValue(metric, text)).toBe(value);
    expect(() => parseValue("cpu", "10GB")).toThrow("90%");
    expect(() => parseValue("load1", "")).toThrow();
  });

  it("are written with the unit, and so that they are read as the same", () => {
    expect(inUnit("disk:/", 99.9)).toBe("99.9 %");
    expect(inUnit("memory.available", 2 ** 29)).toBe("512 MiB");
    expect(inUnit("clock.skew", -30)).toBe("-30s");
    expect(inUnit("temp:cpu", 61.5)).toBe("61.5 °C");
    expect(parseValue("cpu", exactValue("cpu", 92.5))).toBe(92.5);
    expect(parseValue("offline", exactValue("offline", 60))).toBe(60);
  });
});
