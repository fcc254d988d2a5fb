// METRIC names, as docs/reference/metrics.md has them (a test compares the two).
import type { ServerSample } from "@/api/types";
import { bytes, duration, number, percent, rate } from "./format";

export type Unit = "%" | "B" | "B/s" | "/s" | "s" | "°C" | "";

interface Metric {
  unit: Unit;
  means: string;
  /** The names of its instances in a sample, where it has any. */
  instances?: (sample: ServerSample) => string[];
  /** The name alone says nothing. */
  alone?: false;
}

const mounts = (sample: ServerSample) => sample.disks.map((one) => one.mount);
const devices = (sample: ServerSample) => sample.disk_io.map((one) => one.device);
const interfaces = (sample: ServerSample) => sample.network.map((one) => one.interface);
const sensors = (sample: ServerSample) => sample.temperatures.map((one) => one.sensor);
const containers = (sample: ServerSample) => sample.containers.map((one) => one.name);

export const METRICS: Record<string, Metric> = {
  cpu: { unit: "%", means: "use of all cores together" },
  "cpu.iowait": { unit: "%", means: "time waiting for disks" },
  "cpu.steal": { unit: "%", means: "time taken by other guests" },
  load1: { unit: "", means: "load average over 1 minute" },
  load5: { unit: "", means: "load average over 5 minutes" },
  load15: { unit: "", means: "load average over 15 minutes" },
  memory: { unit: "%", means: "main memory in use" },
  "memory.available": { unit: "B", means: "main memory to be had" },
  swap: { unit: "%", means: "swap space in use" },
  disk: { unit: "%", means: "file system in use", instances: mounts },
  "disk.free": { unit: "B", means: "free bytes", instances: mounts },
  "disk.inodes": { unit: "%", means: "inodes in use", instances: mounts },
  "disk.read": { unit: "B/s", means: "read rate", instances: devices },
  "disk.write": { unit: "B/s", means: "write rate", instances: devices },
  "net.rx": { unit: "B/s", means: "receive rate", instances: interfaces },
  "net.tx": { unit: "B/s", means: "send rate", instances: interfaces },
  "net.errors": { unit: "/s", means: "errors", instances: interfaces },
  temp: { unit: "°C", means: "temperature", instances: sensors },
  uptime: { unit: "s", means: "time since the host started" },
  processes: { unit: "", means: "number of processes" },
  "units.failed": { unit: "", means: "systemd units that have failed" },
  containers: { unit: "", means: "number of containers" },
  "container.cpu": { unit: "%", means: "per cent of one core", instances: containers },
  "container.memory": { unit: "B", means: "memory", instances: containers },
  "container.state": {
    unit: "",
    means: "0: it runs and is not unhealthy, else 1",
    instances: containers,
  },
  "clock.skew": { unit: "s", means: "how far the host's clock is ahead of the hub's" },
  "agent.cpu": { unit: "%", means: "per cent of one core that the agent takes" },
  "agent.rss": { unit: "B", means: "memory that the agent takes" },
  custom: {
    unit: "",
    means: "a value of the host's own",
    instances: (sample) => sample.custom.map((one) => one.name),
    alone: false,
  },
};

/** `disk` of `disk:/var`. */
export const baseOf = (metric: string) => metric.split(":", 1)[0] ?? metric;

export const unitOf = (metric: string): Unit => METRICS[baseOf(metric)]?.unit ?? "";

/** Whether a name can have values: `custom` alone, say, has none. */
export function isMetric(name: string): boolean {
  const metric = METRICS[baseOf(name)];
  if (!metric) return false;
  return name.includes(":")
    ? Boolean(metric.instances) && !name.endsWith(":")
    : !("alone" in metric);
}

/** Every METRIC name that a server has, by its newest sample; without one those of no instance. */
export function namesOf(sample: ServerSample | undefined): string[] {
  return Object.entries(METRICS).flatMap(([name, metric]) => {
    const instances = (sample && metric.instances?.(sample)) ?? [];
    const named = [...new Set(instances)].filter(Boolean).map((one) => `${name}:${one}`);
    return "alone" in metric ? named : [name, ...named];
  });
}

/** A value with its unit. */
export function inUnit(unit: Unit, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (unit === "%") return percent(value);
  if (unit === "B") return bytes(value);
  if (unit === "B/s") return rate(value);
  if (unit === "s") return Math.abs(value) < 60 ? `${number(value)} s` : duration(value);
  return unit ? `${number(value)}${unit === "/s" ? "" : " "}${unit}` : number(value);
}
