// Values as people read them. Units are those of the CLI: bytes in powers of 1024, ages as 5m, 3h.
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1024 && unit < BYTES.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${value < 0 ? "-" : ""}${size.toFixed(digits)} ${BYTES[unit]}`;
}

export function rate(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${bytes(value)}/s`;
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

const STEPS: [string, number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/** Seconds in one unit, or two of which the second is not nothing: 45s, 3m, 2h 5m, 12d. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const at = STEPS.findIndex(([, size]) => whole >= size);
  if (at < 0) return "0s";
  const [unit, size] = STEPS[at] ?? ["s", 1];
  const rest = STEPS[at + 1];
  const count = Math.floor(whole / size);
  const more = rest ? Math.floor((whole % size) / rest[1]) : 0;
  return more && rest && count < 10 ? `${count}${unit} ${more}${rest[0]}` : `${count}${unit}`;
}

/** How long a command took: to the millisecond where that is all there is of it. */
export function took(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(ms < 1_000 ? 3 : 1)} s` : duration(ms / 1000);
}

/** How long ago a time of the hub's was. */
export function age(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "never";
  return duration((now - Date.parse(time)) / 1000);
}

/** A time here as the CLI writes it: 2026-01-02 03:04:05. It sorts, and is as wide as any other. */
export function clock(time: string | number | null | undefined): string {
  const at = new Date(time ?? Number.NaN);
  if (Number.isNaN(at.getTime())) return "–";
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}

const two = (value: number) => String(value).padStart(2, "0");
