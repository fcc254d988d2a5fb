import "uplot/dist/uPlot.min.css";
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { columnsOf, type Line } from "@/lib/charts/lines";
import type { Mark } from "@/lib/charts/marks";
import { useTheme } from "@/stores/theme";
import { ChartTip, type Pointed } from "./ChartTip";
import { coloursNow } from "./colours";
import { HEIGHT, optionsOf } from "./plot";

interface Props {
  title: string;
  lines: Line[];
  /** Seconds that a point stands for; 0 where it is one sample. */
  step: number;
  /** The time in sight, Unix seconds. */
  from: number;
  to: number;
  marks: readonly Mark[];
  /** A part of the time was chosen with the mouse. */
  onSpan: (from: number, to: number) => void;
}

/** Lines over time with their bands, gaps and marks; read out point by point with the arrow keys. */
export function TimeChart({ title, lines, step, from, to, marks, onSpan }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const columns = useMemo(() => columnsOf(lines, step), [lines, step]);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const latest = useRef({ columns, from, to, marks, onSpan });
  latest.current = { columns, from, to, marks, onSpan };
  const metrics = lines.map((line) => line.metric).join("\n");
  const plot = usePlot(host, metrics, latest, setPointed);

  // biome-ignore lint/correctness/useExhaustiveDependencies: marks are drawn, too
  useLayoutEffect(() => {
    if (plot.current) show(plot.current, { columns, from, to });
  }, [plot, columns, from, to, marks]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (plot.current && moved(plot.current, event.key)) event.preventDefault();
  };
  return (
    <div
      role="group"
      aria-label={`${title}: left and right arrow go from point to point`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move through it
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="relative"
      style={{ height: HEIGHT }}
    >
      <div ref={host} aria-hidden className="absolute inset-0 overflow-hidden" />
      {columns[0].length === 0 && (
        <p className="absolute inset-0 grid place-items-center text-sm text-faint">
          No values in this time.
        </p>
      )}
      {pointed && <ChartTip pointed={pointed} columns={columns} metrics={metrics.split("\n")} />}
    </div>
  );
}

interface Latest {
  columns: ReturnType<typeof columnsOf>;
  from: number;
  to: number;
  marks: readonly Mark[];
  onSpan: (from: number, to: number) => void;
}

/** The drawing: made again for other metrics or the other theme, as wide as there is room. */
function usePlot(
  host: React.RefObject<HTMLDivElement | null>,
  metrics: string,
  latest: React.RefObject<Latest>,
  setPointed: (pointed: Pointed | null) => void,
) {
  const dark = useTheme((theme) => theme.dark);
  const plot = useRef<uPlot | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` is what the colours come from
  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const made = new uPlot(
      optionsOf({
        metrics: metrics.split("\n"),
        width: element.clientWidth,
        colours: coloursNow(),
        marks: () => latest.current.marks,
        onCursor: (one) => setPointed(pointedAt(one, element)),
        onSelect: (from, to) => isMine(element) && latest.current.onSpan(from, to),
      }),
      latest.current.columns as uPlot.AlignedData,
      element,
    );
    show(made, latest.current);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [host, metrics, dark, latest, setPointed]);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return plot;
}

function show(plot: uPlot, { columns, from, to }: Pick<Latest, "columns" | "from" | "to">): void {
  plot.batch(() => {
    plot.setData(columns as uPlot.AlignedData, false);
    plot.setScale("x", { min: from, max: to });
  });
  plot.redraw(false);
}

/** The charts of a page move their cursors together; only one of them is pointed at. */
const isMine = (element: Element) =>
  element.matches(":hover") || document.activeElement === element.parentElement;

function pointedAt(plot: uPlot, element: Element): Pointed | null {
  const { idx, left } = plot.cursor;
  if (idx == null || left === undefined || left < 0 || !isMine(element)) return null;
  return { index: idx, left: left + plot.over.offsetLeft, width: plot.width };
}

/** Go to another point; false for a key that does not. */
function moved(plot: uPlot, key: string): boolean {
  const times = plot.data[0];
  const at = plot.cursor.idx ?? times.length - 1;
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: times.length - 1 }[key];
  if (to === undefined) return false;
  const ts = times[Math.min(times.length - 1, Math.max(0, to))];
  if (ts !== undefined) plot.setCursor({ left: plot.valToPos(ts, "x"), top: HEIGHT / 3 });
  return true;
}
