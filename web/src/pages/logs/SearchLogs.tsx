import { useMemo } from "react";
import { useLogSearch } from "@/api/logs";
import type { LogRow } from "@/lib/logFeed";
import { useSpan } from "@/lib/useSpan";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { CopyRows } from "./CopyRows";
import { LogLines } from "./LogLines";

export interface Search {
  q: string;
  target: string;
  level: string;
  since: string;
  until: string;
}

/** Stored lines, the newest first, and more of them when asked. */
export function SearchLogs({ search, named }: { search: Search; named: boolean }) {
  const span = useSpan(search.since, search.until);
  const { q: query, target, level } = search;
  const found = useLogSearch({ query, target, level, ...span.asked }, span.wrong === undefined);
  const rows = useMemo(
    () =>
      found.data?.pages
        .flatMap((page) => page.items)
        .map((entry, key): LogRow => ({ key, kind: "line", entry })) ?? [],
    [found.data],
  );
  if (span.wrong) {
    return (
      <p role="alert" className="text-sm text-bad">
        {span.wrong}
      </p>
    );
  }
  return (
    <Loaded query={found}>
      {() =>
        rows.length ? (
          <div className="grid grid-cols-1 gap-2">
            <div className="flex min-h-8 flex-wrap items-center gap-2 text-sm text-faint">
              <CopyRows rows={rows} />
              <p role="status">
                the newest {rows.length}
                {found.hasNextPage ? "; there are more" : ", which are all"}
              </p>
              <Button
                size="small"
                className="ml-auto"
                disabled={found.isFetching}
                onClick={() => void found.refetch()}
              >
                Search again
              </Button>
            </div>
            <LogLines rows={rows} named={named} end={<More found={found} />} />
          </div>
        ) : (
          <Nothing>No line has that in this time.</Nothing>
        )
      }
    </Loaded>
  );
}

function More({ found }: { found: ReturnType<typeof useLogSearch> }) {
  if (!found.hasNextPage) return null;
  return (
    <div className="p-2 text-center font-sans">
      <Button size="small" disabled={found.isFetching} onClick={() => void found.fetchNextPage()}>
        {found.isFetchingNextPage ? "Searching …" : "Older lines"}
      </Button>
    </div>
  );
}
