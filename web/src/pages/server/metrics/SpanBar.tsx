import { ChevronLeft, ChevronRight, Radio } from "lucide-react";
import { RANGES, type Span, secondsOf, shifted } from "@/lib/charts/spans";
import { cn } from "@/lib/cn";
import { clock } from "@/lib/format";
import type { SocketState } from "@/socket/socket";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";

interface Props {
  span: Span;
  change: (span: Span) => void;
  live: SocketState;
  now: number;
}

/** Which time is looked at: how much of it, and whether it ends now. */
export function SpanBar({ span, change, live, now }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <fieldset className="flex max-w-full overflow-x-auto rounded-md border bg-card">
        <legend className="sr-only">How much time</legend>
        {RANGES.map((range) => {
          const on = span.range === range;
          return (
            <button
              key={range}
              type="button"
              aria-pressed={on}
              onClick={() =>
                change({ range, seconds: secondsOf(range) ?? span.seconds, until: span.until })
              }
              className={cn(
                "h-9 px-3 text-sm tabular-nums hover:bg-raised focus-visible:-outline-offset-2",
                on && "bg-raised font-medium text-accent",
              )}
            >
              {range}
            </button>
          );
        })}
      </fieldset>
      <Button size="icon" aria-label="Earlier" onClick={() => change(shifted(span, -1, now))}>
        <ChevronLeft />
      </Button>
      <Button
        size="icon"
        aria-label="Later"
        disabled={span.until === null}
        onClick={() => change(shifted(span, 1, now))}
      >
        <ChevronRight />
      </Button>
      {span.until === null ? (
        <LiveBadge state={live} />
      ) : (
        <Button onClick={() => change({ ...span, until: null })}>
          <Radio /> Until now
        </Button>
      )}
      <p className="text-sm text-faint tabular-nums">
        {span.until === null
          ? `the last ${span.range}`
          : `${clock((span.until - span.seconds) * 1000)} to ${clock(span.until * 1000)}`}
      </p>
    </div>
  );
}

function LiveBadge({ state }: { state: SocketState }) {
  if ("reason" in state) {
    return <Badge tone="warn">not live: {state.reason || "the hub is away"}</Badge>;
  }
  return state.phase === "open" ? <Badge tone="good">live</Badge> : <Badge>connecting</Badge>;
}
