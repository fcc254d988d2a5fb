import type { Columns } from "@/lib/charts/lines";
import { cn } from "@/lib/cn";
import { clock } from "@/lib/format";
import { inUnit } from "@/lib/metricNames";
import { visible } from "@/lib/text";
import { SWATCHES } from "./colours";
import { PARTS } from "./plot";

export interface Pointed {
  index: number;
  /** In pixels of a chart that is so wide. */
  left: number;
  width: number;
}

interface Props {
  pointed: Pointed;
  columns: Columns;
  metrics: string[];
}

/** The time and the values that are pointed at. */
export function ChartTip({ pointed, columns, metrics }: Props) {
  const { index, left, width } = pointed;
  const [times, ...parts] = columns;
  const ts = times[index];
  if (ts === undefined) return null;
  const right = left > width / 2;
  return (
    <div
      role="status"
      className={cn(
        "pointer-events-none absolute top-2 z-10 rounded border bg-raised px-2 py-1 text-xs whitespace-nowrap shadow tabular-nums",
        right && "-translate-x-full",
      )}
      style={{ left: right ? left - 12 : left + 12 }}
    >
      <p className="text-faint">{clock(ts * 1000)}</p>
      {metrics.map((metric, line) => {
        const [value, min, max] = [0, 1, 2].map((part) => parts[line * PARTS + part]?.[index]);
        return (
          <p key={metric} className="flex items-center gap-1.5">
            <span className={cn("size-2 rounded-full", SWATCHES[line])} aria-hidden />
            {visible(metric)} {value == null ? "no value" : inUnit(metric, value)}
            {min !== max && (
              <span className="text-faint">
                {inUnit(metric, min)} to {inUnit(metric, max)}
              </span>
            )}
          </p>
        );
      })}
    </div>
  );
}
