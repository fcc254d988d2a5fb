import { create } from "zustand";

/** So long the hub may take to say that it is there. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 1_500;

/** Whether the hub is away, as far as this page knows: it notices when anything has no answer. */
export const useReach = create<{ away: boolean }>(() => ({ away: false }));

let looking: Promise<void> | null = null;

/** Something had no answer: look for the hub until it is there. Resolves then. */
export function lookForHub(): Promise<void> {
  looking ??= look().finally(() => {
    looking = null;
  });
  return looking;
}

async function look(): Promise<void> {
  while (!(await answers())) {
    useReach.setState({ away: true });
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  useReach.setState({ away: false });
}

/** What a proxy says in its place is no answer. */
async function answers(): Promise<boolean> {
  try {
    const answer = await fetch("/api/v1/health", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.status < 502;
  } catch {
    return false;
  }
}

/** Have something done when the hub is there again; what ends that. */
export const whenBack = (act: () => void) =>
  useReach.subscribe((now, before) => before.away && !now.away && act());
