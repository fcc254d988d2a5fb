import type { HistoryFilters as Filters } from "@/api/commands";
import { OneOf } from "./Choice";
import { LateInput } from "./LateInput";
import { ServerInput } from "./ServerInput";

interface Props {
  filters: Filters;
  change: (part: Partial<Filters>) => void;
  /** On a server's own page there is no choice of servers. */
  fixed?: boolean;
}

const SINCE: [string, string][] = [
  ["", "any time"],
  ["1h", "the last hour"],
  ["24h", "the last day"],
  ["7d", "the last week"],
  ["30d", "the last 30 days"],
];

/** What a history list is asked for: on which server, by whom, since when. */
export function HistoryFilters({ filters, change, fixed = false }: Props) {
  return (
    <>
      {!fixed && (
        <ServerInput
          label="Server"
          placeholder="any server"
          className="w-44 max-w-full"
          value={filters.server}
          change={(server) => change({ server })}
        />
      )}
      <LateInput
        type="search"
        aria-label="User"
        placeholder="any user"
        className="w-36 max-w-full"
        value={filters.user}
        change={(user) => change({ user })}
      />
      <OneOf
        aria-label="Since"
        className="w-40"
        value={filters.since}
        change={(since) => change({ since })}
        options={SINCE}
      />
    </>
  );
}
