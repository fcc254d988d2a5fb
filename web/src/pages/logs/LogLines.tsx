import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type UIEvent, useEffect, useRef } from "react";
import { cn } from "@/lib/cn";
import { clock } from "@/lib/format";
import { type LogRow, messageOf } from "@/lib/logFeed";
import { visible } from "@/lib/text";

interface Props {
  rows: LogRow[];
  /** Without it the server is not named: all lines are of one. */
  named: boolean;
  /** Keep the last line in sight, until somebody scrolls up; told when that is so. */
  follow?: boolean;
  onFollow?: (follow: boolean) => void;
  /** Below the last line. */
  end?: ReactNode;
}

const LINE = 21;
const NEAR = 24;

/** Lines of a log, of which only those in sight are in the page. */
export function LogLines({ rows, named, follow = false, onFollow, end }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const lines = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 12,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  const size = lines.getTotalSize();
  // Again when lines are measured: a long one takes more room than it was thought to.
  // biome-ignore lint/correctness/useExhaustiveDependencies: as the comment says
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, rows, size]);
  const scrolled = ({ currentTarget: at }: UIEvent<HTMLDivElement>) => {
    const up = at.scrollTop < top.current;
    top.current = at.scrollTop;
    const atEnd = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR;
    if (follow && up && !atEnd) onFollow?.(false);
    else if (!follow && !up && atEnd) onFollow?.(true);
  };
  return (
    <div
      ref={box}
      role="log"
      aria-label="Log lines"
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
      tabIndex={0}
      onScroll={scrolled}
      className="h-[calc(100dvh-19rem)] min-h-72 overflow-auto rounded-md border bg-card py-1 font-mono text-xs leading-[1.3rem]"
    >
      <div className="relative" style={{ height: size }}>
        {lines.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <div
                key={item.key}
                ref={lines.measureElement}
                data-index={item.index}
                className="absolute inset-x-0 top-0 px-3 hover:bg-raised"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row row={row} named={named} />
              </div>
            )
          );
        })}
      </div>
      {end}
    </div>
  );
}

const LEVELS: Record<string, string> = {
  debug: "text-faint",
  warning: "text-warn",
  error: "text-bad",
  critical: "text-bad font-semibold",
};

function Row({ row, named }: { row: LogRow; named: boolean }) {
  if (row.kind === "note") return <p className="text-warn italic">{row.text}</p>;
  const { entry } = row;
  return (
    <div className="flex flex-wrap gap-x-3 md:flex-nowrap">
      <time dateTime={entry.ts} title={entry.ts} className="shrink-0 text-faint tabular-nums">
        {clock(entry.ts)}
      </time>
      {named && (
        <span className="shrink-0 font-medium md:w-24 md:truncate" title={entry.server ?? ""}>
          {visible(entry.server ?? "the hub")}
        </span>
      )}
      <span className={cn("w-16 shrink-0", LEVELS[entry.level])}>{visible(entry.level)}</span>
      <span
        className="max-w-full truncate text-faint md:w-36 md:shrink-0"
        title={visible(entry.source)}
      >
        {visible(entry.source)}
      </span>
      <span className="min-w-0 wrap-anywhere whitespace-pre-wrap max-md:w-full max-md:pl-3 md:flex-1">
        {messageOf(entry)}
      </span>
    </div>
  );
}
