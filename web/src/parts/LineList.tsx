import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { cn } from "@/lib/cn";

interface Props {
  label: string;
  count: number;
  line: (index: number) => ReactNode;
  /** Classes for how high it may be. */
  className?: string;
  /** New lines come: be at the end, unless somebody scrolled up. */
  live?: boolean;
}

const ROW = 19;
const AT_END = 30;

/** Many lines of text, of which only those in sight are in the page. */
export function LineList({ label, count, line, className, live = false }: Props) {
  const box = useRef<HTMLElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const list = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  useEffect(() => {
    if (live && atEnd && count) list.scrollToIndex(count - 1, { align: "end" });
  }, [live, atEnd, count, list]);
  const scrolled = () => {
    const here = box.current;
    if (here) setAtEnd(here.scrollHeight - here.scrollTop - here.clientHeight < AT_END);
  };
  return (
    <section
      ref={box}
      onScroll={scrolled}
      {...(live ? { role: "log", "aria-live": "off" as const } : {})}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
      tabIndex={0}
      className={cn("max-h-[60dvh] overflow-auto rounded-md border bg-terminal p-2", className)}
    >
      <div className="relative" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => (
          <div
            key={item.key}
            className="absolute top-0 left-0 w-max min-w-full font-mono text-xs leading-[19px] whitespace-pre"
            style={{ height: ROW, transform: `translateY(${item.start}px)` }}
          >
            {line(item.index)}
          </div>
        ))}
      </div>
    </section>
  );
}
