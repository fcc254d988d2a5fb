import { useInfiniteQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { HubEvent, Page } from "./types";

const PAGE = 100;

/** A server's connections, newest first, page by page; of the last `seconds`, null of all time. */
export function useEvents(server: string, seconds: number | null) {
  return useInfiniteQuery({
    queryKey: ["events", "list", server, seconds],
    queryFn: ({ pageParam, signal }) => {
      const since = seconds && new Date(Date.now() - seconds * 1000).toISOString();
      return get<Page<HubEvent>>(
        "/events",
        { server, since, limit: PAGE, cursor: pageParam },
        signal,
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    select: (data) => data.pages.flatMap((page) => page.items),
  });
}
