// Which time the charts show, as it stands in the address: `range=6h`, and `until=` where it does
// not end now. Times are Unix seconds.
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d", "90d"] as const;
const USUAL = "1h";
const SHORTEST = 30;
const LONGEST = 730 * 86_400;

export interface Span {
  /** The address's word for `seconds`. */
  range: string;
  seconds: number;
  /** Where it ends; null is now, and it goes on by itself. */
  until: number | null;
}

export function readSpan(query: URLSearchParams): Span {
  const range = query.get("range") ?? USUAL;
  const seconds = secondsOf(range);
  const until = Number(query.get("until")) || null;
  return seconds ? { range, seconds, until } : { range: USUAL, seconds: UNITS.h ?? 3600, until };
}

/** Seconds of `90s`, `15m`, `6h`, `7d`; null for what is none, too short or too long. */
export function secondsOf(range: string): number | null {
  const [, count, unit] = /^(\d{1,8})([smhd])$/.exec(range) ?? [];
  const seconds = Number(count) * (UNITS[unit ?? ""] ?? Number.NaN);
  return seconds >= SHORTEST && seconds <= LONGEST ? seconds : null;
}

/** A span of the past, chosen with the mouse say; at least as long as one can look at. */
export function spanBetween(from: number, to: number): Span {
  const seconds = Math.max(SHORTEST, Math.round(to - from));
  return { range: wordOf(seconds), seconds, until: Math.round(to) };
}

function wordOf(seconds: number): string {
  const unit = ["d", "h", "m"].find((one) => seconds % (UNITS[one] ?? 1) === 0) ?? "s";
  return `${seconds / (UNITS[unit] ?? 1)}${unit}`;
}

/** Half a span earlier (-1) or later (1); what would reach past now follows it again. */
export function shifted(span: Span, direction: -1 | 1, now: number): Span {
  const until = (span.until ?? now) + (direction * span.seconds) / 2;
  return { ...span, until: until >= now ? null : Math.round(until) };
}

// Each is a multiple of a level that the hub keeps, so that rows have their least and most.
const STEPS = [10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
const POINTS = 720;

/** The step in seconds for about as many points as a chart has room for; null is every sample. */
export function stepFor(seconds: number): number | null {
  if (seconds <= 1800) return null;
  return STEPS.find((step) => seconds / step <= POINTS) ?? 86_400;
}
