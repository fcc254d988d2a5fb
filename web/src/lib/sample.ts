// What a sample says, in words and short lists, for a server's overview.
import type { HistoryPage, ServerDetail, ServerSample } from "@/api/types";
import { clock, duration } from "./format";

/** Seconds that a clock may be off without a word: the hub believes it so far, too. */
const SKEW_SAID = 2;
/** A sample that is older is not of now: three times the usual pause, or so. */
const LATE_MS = 15_000;

export interface Note {
  tone: "warn" | "plain";
  text: string;
}

/** What one should know before believing the values; `now` is Unix milliseconds. */
export function notesOf(
  server: Pick<ServerDetail, "status">,
  sample: ServerSample,
  gaps: NonNullable<HistoryPage["gaps"]>,
  now: number,
): Note[] {
  return [
    ...ageNote(server, sample, now),
    ...skewNote(sample.clock_skew),
    ...gaps.map(gapNote),
    ...Object.entries(sample.missing)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, why]): Note => ({ tone: "plain", text: `Not measured: ${name}: ${why}` })),
  ];
}

function ageNote(
  { status }: Pick<ServerDetail, "status">,
  { ts }: ServerSample,
  now: number,
): Note[] {
  const old = now - Date.parse(ts);
  if (status === "online" && old < LATE_MS) return [];
  const what = status === "online" ? "Samples are late" : "The server is offline";
  return [{ tone: "warn", text: `${what}: these values are ${duration(old / 1000)} old.` }];
}

function skewNote(skew: number | null | undefined): Note[] {
  if (!skew || Math.abs(skew) <= SKEW_SAID) return [];
  const side = skew > 0 ? "ahead of" : "behind";
  const text = `Its clock is ${duration(Math.abs(skew))} ${side} the hub's; times are put right.`;
  return [{ tone: "warn", text }];
}

/** What an agent lost, as `chatops metrics history` says it. */
export function gapNote(gap: NonNullable<HistoryPage["gaps"]>[number]): Note {
  const why =
    gap.reason === "full" ? "the agent's spool was full" : "the agent's spool was damaged";
  const count = gap.samples === 1 ? "1 sample is" : `${gap.samples} samples are`;
  return {
    tone: "warn",
    text: `${count} lost between ${clock(gap.since)} and ${clock(gap.until)}: ${why}.`,
  };
}

/** The sum of a rate over interfaces, but loopback; null where none is known. */
export function sumOf(values: (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? known.reduce((sum, value) => sum + value, 0) : null;
}
