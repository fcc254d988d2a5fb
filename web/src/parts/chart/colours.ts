import type { MarkTone } from "@/lib/charts/marks";

/** Lines of one chart are told apart by these; the theme gives them their values. */
export const LINE_COLOURS = ["accent", "second"] as const;
/** The same as classes, for what stands beside the chart. */
export const SWATCHES = ["bg-accent", "bg-second"] as const;

export interface Colours {
  lines: string[];
  axis: string;
  grid: string;
  marks: Record<MarkTone, string>;
}

/** The theme's colours, as a canvas takes them. */
export function coloursNow(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    lines: LINE_COLOURS.map(of),
    axis: of("faint"),
    grid: of("line"),
    marks: { bad: of("bad"), warn: of("warn"), accent: of("accent"), lost: of("faint") },
  };
}
