// METRIC names, as docs/reference/metrics.md lists them: what a rule may watch, and in which unit.
import type { ServerSample } from "@/api/types";
import { bytes, duration, number, rate } from "./format";
import { parseDuration, parseSize } from "./units";

type Unit = "" | "%" | "B" | "B/s" | "/s" | "s" | "°C";
type Instances = (sample: ServerSample) => string[];

const mounts: Instances = (sample) => sample.disks.map((disk) => disk.mount);
const devices: Instances = (sample) => sample.disk_io.map((disk) => disk.device);
const interfaces: Instances = (sample) => sample.network.map((card) => card.interface);
const sensors: Instances = (sample) => sample.temperatures.map((one) => one.sensor);
const containers: Instances = (sample) => sample.containers.map((one) => one.name);
const customs: Instances = (sample) => (sample.custom ?? []).map((one) => one.name);

/** Name, unit, meaning, and where its instances stand in a sample. */
const METRICS: [string, Unit, string, Instances?][] = [
  ["cpu", "%", "use of all cores together"],
  ["cpu.iowait", "%", "time waiting for disks"],
  ["cpu.steal", "%", "time taken by other guests"],
  ["load1", "", "load average over 1 minute"],
  ["load5", "", "load average over 5 minutes"],
  ["load15", "", "load average over 15 minutes"],
  ["memory", "%", "main memory in use"],
  ["memory.available", "B", "main memory to be had"],
  ["swap", "%", "swap space in use"],
  ["disk", "%", "file system in use; without a mount the fullest", mounts],
  ["disk.free", "B", "free bytes; without a mount the least", mounts],
  ["disk.inodes", "%", "inodes in use; without a mount the fullest", mounts],
  ["disk.read", "B/s", "read rate; without a device of all", devices],
  ["disk.write", "B/s", "write rate; without a device of all", devices],
  ["net.rx", "B/s", "receive rate; without an interface of all but loopback", interfaces],
  ["net.tx", "B/s", "send rate; without an interface of all but loopback", interfaces],
  ["net.errors", "/s", "errors; without an interface of all", interfaces],
  ["temp", "°C", "temperature; without a sensor the highest", sensors],
  ["uptime", "s", "time since the host started"],
  ["processes", "", "number of processes"],
  ["units.failed", "", "systemd units that have failed"],
  ["containers", "", "number of containers"],
  ["container.cpu", "%", "per cent of one core; without a name of all", containers],
  ["container.memory", "B", "memory; without a name of all", containers],
  ["container.state", "", "0: it runs and is not unhealthy, else 1", containers],
  ["offline", "s", "time since the agent was last heard, 0 while it is connected"],
  ["clock.skew", "s", "how far the host's clock is ahead of the hub's"],
  ["agent.cpu", "%", "per cent of one core that the agent takes"],
  ["agent.rss", "B", "memory that the agent takes"],
  ["custom", "", "a value of the host's own textfile folder", customs],
];
const UNITS = new Map(METRICS.map(([name, unit]) => [name, unit]));
const EXAMPLES: Partial<Record<Unit, string>> = {
  "%": "90 or 90%",
  B: "10GB or 512MiB",
  "B/s": "10MB or 10MB/s",
  s: "30, 30s or 5m",
  "°C": "80 or 80C",
};
const ENDINGS: Partial<Record<Unit, RegExp>> = { "%": /%$/, "°C": /°?C$/, "/s": /\/s$/ };
const PLAIN = /^(\d{1,15}(\.\d{1,15})?|\.\d{1,15})$/;

/** The unit of a METRIC, with or without an instance. */
export function unitOf(metric: string): Unit {
  return UNITS.get(metric.split(":", 1)[0] ?? "") ?? "";
}

export const exampleOf = (metric: string): string => EXAMPLES[unitOf(metric)] ?? "5 or 0.5";

/** Names to choose from with what they mean; with a sample those of its instances too. */
export function metricNames(sample?: ServerSample): { name: string; meaning: string }[] {
  return METRICS.flatMap(([name, unit, meaning, instances]) => {
    const about = unit ? `${meaning} (${unit})` : meaning;
    const names = instances
      ? [`${name}:*`, ...(sample ? instances(sample) : []).map(of(name))]
      : [];
    return [name, ...names]
      .filter((one) => one !== "custom")
      .map((one) => ({ name: one, meaning: about }));
  });
}

const of = (name: string) => (instance: string) => `${name}:${instance}`;

/** A value in the metric's own unit, of `90%`, `10GB`, `5m`, `-30`. Throws with what is wrong. */
export function parseValue(metric: string, text: string): number {
  const unit = unitOf(metric);
  const sign = text.trim().startsWith("-") ? -1 : 1;
  const ending = ENDINGS[unit];
  let body = text.trim().replace(/^[+-]/, "");
  if (ending) body = body.replace(ending, "").trim();
  if (PLAIN.test(body)) return sign * Number(body);
  try {
    if (unit === "B" || unit === "B/s") return sign * parseSize(body.replace(/\/s$/, ""));
    if (unit === "s") return sign * parseDuration(body);
  } catch {
    // What it should look like is said of the metric.
  }
  throw new Error(`no value of this metric: write it like ${exampleOf(metric)}`);
}

/** A value with its unit, for people. */
export function inUnit(metric: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  switch (unitOf(metric)) {
    case "%":
      return `${Number(value.toFixed(2))} %`;
    case "B":
      return bytes(value);
    case "B/s":
      return rate(value);
    case "s":
      return value < 0 ? `-${duration(-value)}` : duration(value);
    case "":
      return number(value);
    default:
      return `${number(value)} ${unitOf(metric)}`;
  }
}

/** A value as `parseValue` reads it back exactly, and the CLI too. */
export function exactValue(metric: string, value: number): string {
  return `${value}${unitOf(metric) === "%" ? "%" : ""}`;
}
