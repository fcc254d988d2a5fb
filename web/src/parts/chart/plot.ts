// The chart's drawing by uPlot: what it looks like. What it shows comes from lib/charts.
import type uPlot from "uplot";
import { timeMark, valueRange } from "@/lib/charts/lines";
import type { Mark } from "@/lib/charts/marks";
import { inUnit, unitOf } from "@/lib/metricNames";
import type { Colours } from "./colours";

export const HEIGHT = 190;
const FONT = "12px system-ui, sans-serif";
/** Columns of each line: value, least, most. */
export const PARTS = 3;

interface Wanted {
  /** The first gives the unit: a chart has one. */
  metrics: string[];
  width: number;
  colours: Colours;
  /** Asked each time it is drawn. */
  marks: () => readonly Mark[];
  onCursor: (plot: uPlot) => void;
  onSelect: (from: number, to: number) => void;
}

export function optionsOf(wanted: Wanted): uPlot.Options {
  const { metrics, width, colours } = wanted;
  const [first = ""] = metrics;
  const axis = { stroke: colours.axis, font: FONT, ticks: { show: false } };
  const grid = { stroke: colours.grid, width: 1 };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: "server", scales: ["x", null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: true },
      y: { range: (_, min, max) => valueRange(min, max, first) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 64,
        values: (_, marks, __, ___, apart) => marks.map((ts) => timeMark(ts, apart)),
      },
      {
        ...axis,
        grid,
        size: 76,
        space: 36,
        ...(unitOf(first).startsWith("B") && { incrs: BINARY }),
        values: (_, marks) => marks.map((value) => inUnit(first, value)),
      },
    ],
    series: [{}, ...metrics.flatMap((_, index) => seriesOf(colours.lines[index] ?? colours.axis))],
    bands: metrics.map((_, index) => bandOf(index, colours.lines[index] ?? colours.axis)),
    hooks: {
      drawClear: [(plot) => drawMarks(plot, wanted.marks(), colours)],
      setCursor: [wanted.onCursor],
      setSelect: [(plot) => select(plot, wanted.onSelect)],
    },
  };
}

/** Steps of the value axis for bytes: 1, 2, 4 … */
const BINARY = Array.from({ length: 60 }, (_, power) => 2 ** power);

function seriesOf(stroke: string): uPlot.Series[] {
  const edge = { width: 0, points: { show: false } };
  return [{ stroke, width: 1.5, points: { show: lonely } }, edge, edge];
}

/** A point with nothing beside it would not be seen as a line. */
const lonely: uPlot.Series.Points.Show = (plot, series, from, to) => {
  const values = plot.data[series];
  if (!values || to - from > 200) return false;
  for (let at = from; at <= to; at += 1) {
    const alone = values[at] != null && values[at - 1] == null && values[at + 1] == null;
    if (alone) return true;
  }
  return false;
};

/** Between the least and the most of each step. */
function bandOf(index: number, colour: string): uPlot.Band {
  const value = 1 + index * PARTS;
  return { series: [value + 2, value + 1], fill: `${colour}33` };
}

/** A region of colour for as long as it lasted, with an edge where it began. */
function drawMarks(plot: uPlot, marks: readonly Mark[], colours: Colours): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  const place = (ts: number) => {
    const at = plot.valToPos(ts, "x", true);
    return Math.min(right, Math.max(bbox.left, at));
  };
  ctx.save();
  for (const { from, to, tone } of marks) {
    const left = place(from);
    const width = Math.max(2, (to === null ? right : place(to)) - left);
    ctx.fillStyle = colours.marks[tone];
    ctx.globalAlpha = tone === "lost" ? 0.25 : 0.13;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 0.9;
    if (tone !== "lost") ctx.fillRect(left, bbox.top, 2, bbox.height);
  }
  ctx.restore();
}

const FEWEST_PIXELS = 8;

function select(plot: uPlot, onSelect: (from: number, to: number) => void): void {
  const { left, width } = plot.select;
  if (width < FEWEST_PIXELS) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onSelect(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
}
