// When a socket comes back: pure, so that it can be tested without one.
const FIRST_MS = 500;
const MOST_MS = 15_000;
/** A connection that held so long starts the waits from the beginning. */
export const STEADY_MS = 10_000;

/** The wait before attempt `failures` (1 for the first): doubled each time, with full jitter. */
export function wait(failures: number, random = Math.random()): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.2 + 0.8 * random);
}

const SILENT_MS = 15_000;

/**
 * Whether a link is dead: a ping has had no answer for so long. Silence alone says nothing, as the
 * timers of a page that is out of sight come once a minute.
 */
export function dead(askedAt: number, heardAt: number, now: number): boolean {
  return askedAt > heardAt && now - askedAt > SILENT_MS;
}

export type Ending = "retry" | "renew" | "final";

// Close codes of the hub (docs/reference/wire.md). 4014 is a token that has ended: with another one
// the same may be asked again.
const RENEW = new Set([4014]);
const FINAL = new Set([4010, 4011, 4012, 4013, 4015, 4016]);

/** What a close code asks for. */
export function ending(code: number): Ending {
  if (RENEW.has(code)) return "renew";
  return FINAL.has(code) ? "final" : "retry";
}
