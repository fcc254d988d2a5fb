import { useInfiniteQuery } from "@tanstack/react-query";
import { get, type Params } from "./client";
import type { LogEntry, Page } from "./types";

const PAGE = 200;

/** Stored lines, received last first, more of them as they are asked for. */
export function useLogSearch(params: Params, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["logs", params],
    queryFn: ({ pageParam, signal }) =>
      get<Page<LogEntry>>("/logs", { limit: PAGE, ...params, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? null,
    enabled,
    // A search costs the hub more than a list, and all pages would be searched again.
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
}
