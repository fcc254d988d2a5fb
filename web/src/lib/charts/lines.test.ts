import { describe, expect, it } from "vitest";
import {
  appended,
  columnsOf,
  extended,
  figuresOf,
  KEPT,
  type Line,
  linesOf,
  longestPause,
  timeMark,
  valueRange,
} from "./lines";

const point = (ts: number, value = 1, spread = 0) => ({
  ts,
  value,
  min: value - spread,
  max: value + spread,
});
const line = (metric: string, ...times: number[]): Line => ({
  metric,
  points: times.map((ts) => point(ts, ts)),
});

describe("linesOf", () => {
  it("sorts rows into their metrics, in the order asked for", () => {
    const row = (metric: string, second: number) => ({
      ts: new Date(second * 1000).toISOString(),
      metric,
      value: second,
      min: 0,
      max: 9,
    });
    const lines = linesOf([row("a", 1), row("b", 1), row("a", 2)], ["b", "a", "c"]);
    expect(lines.map((one) => [one.metric, one.points.map((p) => p.ts)])).toEqual([
      ["b", [1]],
      ["a", [1, 2]],
      ["c", []],
    ]);
  });
});

describe("gaps", () => {
  it("break the line, and a late sample does not", () => {
    const [times, values] = columnsOf([line("a", 0, 5, 10, 20, 60, 65)], 0);
    expect(times).toEqual([0, 5, 10, 20, 40, 60, 65]);
    expect(values).toEqual([0, 5, 10, 20, null, 60, 65]);
  });

  it("are one missing row where rows hold many samples", () => {
    const sure = [0, 60, 120].map((ts) => point(ts, 1, 0.5));
    expect(longestPause(sure, 60)).toBe(90);
    expect(longestPause([point(0), point(60)], 60)).toBe(150);
  });

  it("of one line do not break another", () => {
    const [times, a, , , b] = columnsOf([line("a", 0, 10), line("b", 0, 5, 10)], 30);
    expect(times).toEqual([0, 5, 10]);
    expect(a).toEqual([0, undefined, 10]);
    expect(b).toEqual([0, 5, 10]);
  });

  it("are no lines at all", () => expect(columnsOf([line("a")], 0)).toEqual([[], [], [], []]));
});

describe("extended", () => {
  it("goes on where the last row's step ends, and says nothing twice", () => {
    const live = [55, 60, 115, 120, 125].map((ts) => point(ts));
    const times = (one: Line) => one.points.map((p) => p.ts);
    expect(times(extended(line("a", 0, 60), live, 60, 0))).toEqual([0, 60, 120, 125]);
    expect(times(extended(line("a", 55), live, 0, 0))).toEqual([55, 60, 115, 120, 125]);
    expect(times(extended(line("a"), live, 60, 100))).toEqual([115, 120, 125]);
  });
});

describe("appended", () => {
  it("adds a sample once, in order, and keeps a bounded number", () => {
    let live = appended({}, 10, { cpu: 1, memory: 2 });
    live = appended(live, 10, { cpu: 1 });
    live = appended(live, 5, { cpu: 9 });
    expect(live.cpu).toEqual([point(10, 1)]);
    for (let ts = 11; ts < 11 + KEPT; ts += 1) live = appended(live, ts, { cpu: ts });
    expect(live.cpu).toHaveLength(KEPT);
    expect(live.memory).toEqual([point(10, 2)]);
  });
});

describe("figuresOf", () => {
  it("takes least and most of the steps, not of their means", () => {
    const points = [point(0, 10, 5), point(1, 20, 7)];
    expect(figuresOf({ metric: "a", points }, 0)).toEqual({ last: 20, mean: 15, min: 5, max: 27 });
    expect(figuresOf(line("a"), 0)).toBeNull();
  });

  it("counts live points in the mean for as long as they stand for, not for a step each", () => {
    const points = [point(0, 10), point(60, 10), point(120, 10), point(125, 100), point(130, 100)];
    expect(figuresOf({ metric: "a", points }, 60)?.mean).toBeCloseTo((180 * 10 + 10 * 100) / 190);
  });
});

describe("the axes", () => {
  it("begin at 0 for per cent and for what differs much", () => {
    expect(valueRange(10, 80, "cpu")).toEqual([0, 100]);
    expect(valueRange(200, 350, "container.cpu")[1]).toBe(350);
    expect(valueRange(1, 10, "disk.free")[0]).toBe(0);
    expect(valueRange(100, 110, "disk.free")[0]).toBe(99);
    expect(valueRange(-5, 5, "clock.skew")).toEqual([-6, 6]);
    expect(valueRange(null, null, "cpu")).toEqual([0, 100]);
    expect(valueRange(0, 0, "load1")).toEqual([0, 1]);
  });

  it("say the day at midnight and the second where it matters", () => {
    const at = (hour: number, minute = 0, second = 0) =>
      new Date(2026, 0, 2, hour, minute, second).getTime() / 1000;
    expect(timeMark(at(9, 5), 300)).toBe("09:05");
    expect(timeMark(at(9, 5, 7), 15)).toBe("09:05:07");
    expect(timeMark(at(0), 3600)).toMatch(/2/);
    expect(timeMark(at(0), 3600)).not.toMatch(/:/);
  });
});
