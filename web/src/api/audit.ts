import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { get, type Params } from "./client";
import type { AuditRecord, AuditVerdict, Page } from "./types";

const PAGE = 100;

/** The audit trail, newest first, page after page. */
export function useAudit(params: Params, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["audit", params],
    queryFn: ({ pageParam, signal }) =>
      get<Page<AuditRecord>>("/audit", { limit: PAGE, ...params, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    select: ({ pages }) => pages.flatMap((page) => page.items),
    enabled,
    placeholderData: (before) => before,
  });
}

/** Check the whole trail; it may take a while. */
export function useVerifyAudit() {
  return useMutation({ mutationFn: () => get<AuditVerdict>("/audit/verify") });
}
