import { type Query, QueryClient } from "@tanstack/react-query";
import { whenBack } from "@/stores/reach";
import { asHubError, mayPass } from "./errors";

const LIVE_MS = 15_000;

/**
 * What the hub said, for a few seconds. A hub that does not answer is asked again for ever, one that
 * is busy at longer intervals, so that a page recovers by itself; what was there stays on the screen.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchInterval: LIVE_MS,
      refetchOnReconnect: true,
      networkMode: "always",
      retry: (_, error) => mayPass(asHubError(error)),
      retryDelay: (failures, error) =>
        Math.min(asHubError(error).code === "unreachable" ? 2_000 : 10_000, 500 * 2 ** failures),
    },
    mutations: { networkMode: "always", retry: false },
  },
});

whenBack(() => {
  const failed = (query: Query) => query.state.fetchFailureCount > 0;
  void queryClient.refetchQueries({ type: "active", predicate: failed });
});
