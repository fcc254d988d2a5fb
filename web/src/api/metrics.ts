import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSocket } from "@/socket/useSocket";
import { get, type Params, segment } from "./client";
import type { HistoryPage, HistoryRow, ServerSample } from "./types";

const sampleKey = (server: string) => ["metrics", server, "sample"];

/** A server's newest sample, by its id; live while `useLiveSample` is there too. */
export function useSample(server: string) {
  return useQuery({
    queryKey: sampleKey(server),
    queryFn: ({ signal }) => get<ServerSample>(`/metrics/${segment(server)}`, undefined, signal),
  });
}

/** Each sample of a server as it comes, and its alerts as a reason to ask for them again. */
export function useLiveSample(server: string) {
  const client = useQueryClient();
  return useSocket(`/metrics/${segment(server)}`, {
    // What came while the socket was away is asked for.
    onOpen: () => void client.invalidateQueries({ queryKey: sampleKey(server) }),
    onMessage: ({ type, data }) => {
      if (type === "metrics") client.setQueryData(sampleKey(server), data as ServerSample);
      else if (type === "alert") void client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
}

export interface HistoryAsked {
  metrics: string[];
  /** Seconds that the span is long. */
  seconds: number;
  /** Its end in Unix seconds; null is now. */
  until: number | null;
  /** Seconds that a row stands for; null is every sample. */
  step: number | null;
}

export interface History {
  rows: HistoryRow[];
  step: number | null;
  gaps: NonNullable<HistoryPage["gaps"]>;
}

const MOST_ROWS = 10_000;
const PAGES = 20;

const AGAIN_MS = 60_000;

/** What a server measured over a span. One that ends now is asked for again each minute. */
export function useHistory(server: string, asked: HistoryAsked) {
  const { metrics, seconds, until, step } = asked;
  return useQuery({
    queryKey: ["metrics", server, "history", metrics, seconds, until, step],
    queryFn: ({ signal }) => history(server, asked, signal),
    refetchInterval: until === null ? AGAIN_MS : false,
    staleTime: 30_000,
    // Another span of the same server: what is there stays until the other has come.
    placeholderData: (before) => before,
  });
}

async function history(server: string, asked: HistoryAsked, signal: AbortSignal): Promise<History> {
  const until = asked.until ?? Date.now() / 1000;
  const params: Params = {
    metric: asked.metrics,
    since: moment(until - asked.seconds),
    ...(asked.until !== null && { until: moment(until) }),
    ...(asked.step !== null && { step: `${asked.step}s` }),
    limit: MOST_ROWS,
  };
  const found: History = { rows: [], step: null, gaps: [] };
  let cursor: string | null | undefined;
  for (let page = 0; page < PAGES && cursor !== null; page += 1) {
    const path = `/metrics/${segment(server)}/history`;
    const part = await get<HistoryPage>(path, { ...params, cursor }, signal);
    found.rows.push(...part.items);
    found.step = part.step ?? null;
    if (page === 0) found.gaps = part.gaps ?? []; // a later page knows only those of its own time
    cursor = part.next ?? null;
  }
  return found;
}

const moment = (seconds: number) => new Date(seconds * 1000).toISOString();
