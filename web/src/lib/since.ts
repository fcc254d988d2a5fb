const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The time a duration (`15m`, `24h`, `7d`) ago, as the hub takes it; undefined for no such. */
export function since(text: string, now = Date.now()): string | undefined {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const size = unit && UNITS[unit];
  return count && size ? new Date(now - Number(count) * size * 1000).toISOString() : undefined;
}
