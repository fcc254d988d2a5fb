import { X } from "lucide-react";
import { useMemo } from "react";
import type { History } from "@/api/metrics";
import { baseOf } from "@/lib/charts/choice";
import { extended, figuresOf, type Line, linesOf, type Point } from "@/lib/charts/lines";
import { concerns, type Mark } from "@/lib/charts/marks";
import type { Span } from "@/lib/charts/spans";
import { cn } from "@/lib/cn";
import { serverPageCommands } from "@/lib/commands/server";
import { inUnit, metricNames } from "@/lib/metricNames";
import { visible } from "@/lib/text";
import { CopyButton } from "@/parts/CliCommand";
import { SWATCHES } from "@/parts/chart/colours";
import { TimeChart } from "@/parts/chart/TimeChart";
import { Button } from "@/ui/button";
import { sinceAndUntil } from "./spanWords";

/** What all charts of the page have in common. */
export interface Shared {
  server: string;
  span: Span;
  from: number;
  to: number;
  marks: readonly Mark[];
  live: Record<string, Point[]>;
  onSpan: (from: number, to: number) => void;
}

interface Props extends Shared {
  /** Of one unit. */
  metrics: string[];
  history: History;
  drop?: () => void;
}

/** One chart with its name, its figures, and the command that draws the same. */
export function Chart({ metrics, history, drop, ...shared }: Props) {
  const { server, span, from, to, marks, live, onSpan } = shared;
  const title = visible(metrics.join(", "));
  const stored = useMemo(() => linesOf(history.rows, metrics), [history.rows, metrics]);
  const step = history.step ?? 0;
  // Only what is new makes other lines: a chart whose values did not change is not drawn again.
  const fresh = metrics.map((metric) => live[metric]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the arrays in `fresh`, not the list
  const lines = useMemo(
    () => stored.map((line) => extended(line, live[line.metric] ?? [], step, from)),
    [stored, step, ...fresh],
  );
  const mine = useMemo(() => marks.filter((mark) => concerns(mark, metrics)), [marks, metrics]);
  return (
    <figure className="grid grid-cols-[minmax(0,1fr)] content-start gap-2 rounded-lg border bg-card p-3">
      <figcaption className="flex items-center justify-between gap-2">
        <h2 className="min-w-0 truncate font-medium" title={meaning(metrics)}>
          {title}
        </h2>
        <div className="flex items-center gap-1">
          <CopyButton
            text={serverPageCommands.plot(server, metrics, ...sinceAndUntil(span))}
            label={`Copy the command that draws ${title}`}
          />
          {drop && (
            <Button look="quiet" size="small" aria-label={`Remove ${title}`} onClick={drop}>
              <X />
            </Button>
          )}
        </div>
      </figcaption>
      <TimeChart
        title={title}
        lines={lines}
        step={step}
        from={from}
        to={to}
        marks={mine}
        onSpan={onSpan}
      />
      <FigureTable title={title} lines={lines} step={step} />
    </figure>
  );
}

function meaning(metrics: string[]): string {
  const known = metricNames();
  return metrics
    .map((metric) => known.find(({ name }) => name === baseOf(metric))?.meaning)
    .filter(Boolean)
    .join("; ");
}

/** The lines in numbers: which colour is which, and for those who do not see them. */
function FigureTable({ title, lines, step }: { title: string; lines: Line[]; step: number }) {
  return (
    <table className="w-full text-xs tabular-nums">
      <caption className="sr-only">{title} in numbers</caption>
      <thead>
        <tr className="text-faint">
          {["metric", "last", "mean", "min", "max"].map((name) => (
            <th
              key={name}
              scope="col"
              className="px-1 text-right font-normal first:text-left first:pl-0"
            >
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map((line, index) => {
          const figures = figuresOf(line, step);
          return (
            <tr key={line.metric}>
              <th scope="row" className="text-left font-normal break-all">
                <span
                  aria-hidden
                  className={cn("mr-1.5 inline-block size-2 rounded-full", SWATCHES[index])}
                />
                {visible(line.metric)}
              </th>
              {(["last", "mean", "min", "max"] as const).map((name) => (
                <td key={name} className="px-1 text-right whitespace-nowrap">
                  {inUnit(line.metric, figures?.[name])}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
