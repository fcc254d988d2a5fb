import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Server } from "@/api/types";
import { cn } from "@/lib/cn";
import { percent } from "@/lib/format";
import type { Choice, Sort } from "@/lib/servers";
import { Sparkline } from "@/parts/Sparkline";
import { Age, ServerStatus } from "@/parts/Status";
import { useFleet } from "@/stores/fleet";
import { Badge } from "@/ui/badge";

interface Props {
  servers: Server[];
  choice: Choice;
  change: (part: Partial<Choice>) => void;
}

export const COLUMNS: [Sort, string][] = [
  ["name", "Name"],
  ["status", "Status"],
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disk"],
  ["alerts", "Alerts"],
  ["seen", "Seen"],
];
// On a phone a row is two lines: name, status and alerts, then the values.
const GRID =
  "grid grid-cols-[1fr_auto_auto] md:grid-cols-[minmax(10rem,1fr)_5.5rem_10rem_10rem_4rem_4rem_5rem] gap-x-4 gap-y-1 items-center px-3";
const ROW = 48;
const ROW_PHONE = 76;

/** Only the rows in sight are in the page: five thousand servers scroll like fifty. */
export function ServerTable({ servers, choice, change }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const narrow = window.innerWidth < 768;
  const rows = useWindowVirtualizer({
    count: servers.length,
    estimateSize: () => (narrow ? ROW_PHONE : ROW),
    overscan: 8,
    scrollMargin: offset,
    getItemKey: (index) => servers[index]?.id ?? index,
  });
  return (
    <div role="table" aria-label="Servers" aria-rowcount={servers.length + 1}>
      <Head choice={choice} change={change} />
      <div ref={list} className="relative" style={{ height: rows.getTotalSize() }} role="rowgroup">
        {rows.getVirtualItems().map((item) => {
          const server = servers[item.index];
          return (
            server && (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className="absolute inset-x-0 top-0 border-b hover:bg-card"
                style={{
                  height: item.size,
                  transform: `translateY(${item.start - offset}px)`,
                }}
              >
                <Row server={server} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Head({ choice, change }: Omit<Props, "servers">) {
  return (
    <div role="row" className={cn(GRID, "border-b pb-1 text-sm max-md:hidden")}>
      {COLUMNS.map(([sort, name]) => {
        const active = choice.sort === sort;
        const Arrow = choice.down ? ArrowDown : ArrowUp;
        return (
          <div
            key={sort}
            role="columnheader"
            aria-sort={active ? (choice.down ? "descending" : "ascending") : "none"}
          >
            <button
              type="button"
              className="flex items-center gap-1 font-medium text-faint hover:text-ink"
              onClick={() => change({ sort, down: active ? !choice.down : first(sort) })}
            >
              {name} {active && <Arrow className="size-3.5" aria-hidden />}
            </button>
          </div>
        );
      })}
    </div>
  );
}

/** The way round that is asked for first: the most loaded server is the one looked for. */
export function first(sort: Sort): boolean {
  return ["cpu", "memory", "disk", "alerts"].includes(sort);
}

const Row = memo(function Row({ server }: { server: Server }) {
  const live = useFleet((fleet) => fleet.servers[server.id]);
  const online = server.status === "online";
  const value = (metric: string, last: number | null) =>
    online ? (live?.values[metric] ?? last) : last;
  return (
    <div className={cn(GRID, "h-full text-sm", !online && "text-faint")}>
      <div role="cell" className="flex min-w-0 items-center gap-2">
        <Link
          to={`/servers/${encodeURIComponent(server.name)}`}
          className="truncate font-medium text-ink hover:underline"
        >
          {server.name}
        </Link>
        <Tags tags={server.tags} />
      </div>
      <div role="cell">
        <ServerStatus status={server.status} />
      </div>
      {["cpu", "memory"].map((metric) => (
        <div key={metric} role="cell" className="flex items-center gap-2 max-md:order-last">
          <span className="max-md:hidden">
            <Sparkline
              values={online ? (live?.recent[metric] ?? []) : []}
              most={100}
              label={`${metric}, the last two minutes`}
            />
          </span>
          <span className="text-faint md:hidden">{metric}</span>
          <span className="tabular-nums">
            {percent(value(metric, metric === "cpu" ? server.cpu_percent : server.memory_percent))}
          </span>
        </div>
      ))}
      <div role="cell" className="tabular-nums max-md:order-last">
        <span className="text-faint md:hidden">disk </span>
        {percent(value("disk", server.disk_percent))}
      </div>
      <div role="cell">{server.alerts > 0 ? <Badge tone="bad">{server.alerts}</Badge> : null}</div>
      <div role="cell" className="max-md:hidden">
        <Age time={server.last_seen} />
      </div>
    </div>
  );
});

function Tags({ tags }: { tags: Record<string, string> }) {
  const words = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return (
    <span className="flex min-w-0 gap-1 overflow-hidden" title={words.join(" ")}>
      {words.slice(0, 3).map((word) => (
        <Badge key={word}>{word}</Badge>
      ))}
    </span>
  );
}
