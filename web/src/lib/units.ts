// Durations, sizes and moments as they are typed: by the rules of the CLI (chatops.units).

const SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};
const LONGEST = 36_500 * 86_400;
const BYTES: Record<string, number> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Seconds of `500ms`, `30s`, `1h30m`, `7d` or `0`. Throws with what is wrong. */
export function parseDuration(text: string): number {
  const body = text.trim();
  if (body === "0") return 0;
  const parts = [...body.matchAll(/(\d{1,15}(?:\.\d{1,15})?)(ms|[smhdw])/g)];
  if (!body || parts.map(([part]) => part).join("") !== body) {
    throw new Error("no duration: write it like 500ms, 30s, 5m, 2h or 7d");
  }
  const seconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit ?? ""] ?? Number.NaN),
    0,
  );
  if (seconds > LONGEST) throw new Error("too long: the longest is 36500d");
  return seconds;
}

/** A duration that `parseDuration` reads as the same: `90s`, `2h`, `1.5s`. */
export function exactDuration(seconds: number): string {
  for (const unit of ["d", "h", "m"]) {
    const size = SECONDS[unit] ?? 1;
    if (seconds && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${Number(seconds.toFixed(15))}s`;
}

/** Bytes of `10`, `64kB`, `1.5GiB`. Throws with what is wrong. */
export function parseSize(text: string): number {
  const found = /^(\d{1,18}(?:\.\d{1,18})?) ?([kKMGT]i?B|B)?$/.exec(text.trim());
  const size = found && BYTES[found[2] ?? ""];
  if (!found || !size) throw new Error("no size: write it like 512KiB, 64MB or 2GiB");
  return Math.round(Number(found[1]) * size);
}

/** A moment as the hub takes it, of a duration ago or a time. Throws with what is wrong. */
export function parseMoment(text: string, now: number): string {
  const body = text.trim();
  const at = /^\d{4}-\d\d-\d\d/.test(body) ? timeOf(body) : now - parseDuration(body) * 1000;
  if (Number.isNaN(at)) throw new Error("no time: write it like 2h, or 2026-01-02T03:04:05Z");
  return new Date(at).toISOString();
}

/** A time without a zone is UTC, as the CLI has it; browsers say so of a date alone. */
function timeOf(text: string): number {
  const zoned = /(Z|[+-]\d\d:\d\d)$/i.test(text) || text.length === 10;
  return Date.parse(zoned ? text : `${text}Z`);
}
