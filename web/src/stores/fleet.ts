import { create } from "zustand";

/** The newest values of one server, and a short line of each for its sparkline. */
export interface Live {
  ts: number;
  values: Record<string, number>;
  recent: Record<string, number[]>;
}

/** So many points are kept of each metric for a sparkline: two minutes at the usual 5 s. */
export const RECENT = 24;

/** After so long without a sample a sparkline begins anew: it has no times, and could show no gap. */
const PAUSE_MS = 120_000;

interface Fleet {
  servers: Record<string, Live>;
  connected: boolean;
  take: (batch: Update[]) => void;
  setConnected: (connected: boolean) => void;
  clear: () => void;
}

export interface Update {
  server_id: string;
  server: string;
  ts: string;
  values: Record<string, number>;
}

/** What all servers say, by id. Fed by one socket (parts/FleetFeed); read one server at a time. */
export const useFleet = create<Fleet>((set) => ({
  servers: {},
  connected: false,
  take: (batch) =>
    set(({ servers }) => {
      const next = { ...servers };
      for (const update of batch) next[update.server_id] = merge(next[update.server_id], update);
      return { servers: next };
    }),
  setConnected: (connected) => set({ connected }),
  clear: () => set({ servers: {}, connected: false }),
}));

export function merge(before: Live | undefined, update: Update): Live {
  const ts = Date.parse(update.ts);
  const goesOn = before && ts - before.ts < PAUSE_MS ? before.recent : {};
  const recent: Record<string, number[]> = {};
  for (const [metric, value] of Object.entries(update.values)) {
    recent[metric] = [...(goesOn[metric] ?? []), value].slice(-RECENT);
  }
  return { ts, values: update.values, recent };
}
