import { useMemo } from "react";
import { attempt } from "./attempt";
import { parseMoment } from "./units";

interface Span {
  asked: { since: string | undefined; until: string | undefined };
  /** What is wrong with the texts: then nothing is to be asked. */
  wrong: string | undefined;
}

/** The moments that two texts mean (empty: open there), the same until others are typed. */
export function useSpan(since: string, until = ""): Span {
  return useMemo(() => spanOf(since, until, Date.now()), [since, until]);
}

export function spanOf(since: string, until: string, now: number): Span {
  const [from, badSince] = attempt(() => (since ? parseMoment(since, now) : undefined));
  const [to, badUntil] = attempt(() => (until ? parseMoment(until, now) : undefined));
  const early = from !== undefined && from >= (to ?? new Date(now).toISOString());
  const wrong = badSince ?? badUntil ?? (early ? "the span ends before it begins" : undefined);
  return { asked: { since: from, until: to }, wrong };
}
