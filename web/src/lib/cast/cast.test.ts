import { describe, expect, it } from "vitest";
import { parseCast, sizeOf } from "./cast";
import { Playback } from "./playback";

const TEXT = [
  '{"version": 2, "width": 80, "height": 24}',
  '[0.5, "o", "$ "]',
  '[1.0, "r", "100x30"]',
  '[61.0, "o", "ls\\r\\n"]',
  '[61.5, "@", "12"]',
  '[62.0, "o", "file"]',
  '[63.0, "o", "cut o',
].join("\n");
const texts = (events: [number, string, string][]) => events.map(([, , text]) => text);

describe("a recording", () => {
  it("is read up to a line that is not whole", () => {
    const cast = parseCast(TEXT);
    expect([cast.cols, cast.rows, cast.events.length]).toEqual([80, 24, 5]);
    expect(parseCast('{"width": 1, "height": 1}\n').events).toEqual([]);
  });

  it("is nothing else", () => {
    for (const text of ["", "[]", "<html>", '{"width": 80}', '{"width": 1e9, "height": 24}']) {
      expect(() => parseCast(text)).toThrow("asciicast");
    }
  });

  it("says sizes that a screen can have", () => {
    expect(sizeOf("100x30")).toEqual({ cols: 100, rows: 30 });
    expect([sizeOf("0x30"), sizeOf("9999x9"), sizeOf("x")]).toEqual([null, null, null]);
  });
});

describe("playback", () => {
  it("tells what happens when it happened", () => {
    const play = new Playback(parseCast(TEXT), null);
    expect(play.duration).toBe(62);
    expect(texts(play.advance(0.5))).toEqual(["$ "]);
    expect(texts(play.advance(0.4))).toEqual([]);
    expect(texts(play.advance(61.1))).toEqual(["100x30", "ls\r\n", "12", "file"]);
    expect([play.over, play.position]).toEqual([true, 62]);
  });

  it("shortens pauses, and stays where it was when they become others", () => {
    const play = new Playback(parseCast(TEXT), 2);
    expect(play.duration).toBe(4);
    play.advance(3);
    const other = play.withIdle(null);
    expect(other.position).toBe(61);
    expect(texts(other.advance(1))).toEqual(["12", "file"]);
  });

  it("goes back and on, and tells all that was printed until then", () => {
    const play = new Playback(parseCast(TEXT), null);
    play.advance(62);
    expect(texts(play.seek(1))).toEqual(["$ ", "100x30"]);
    expect(play.over).toBe(false);
    expect(texts(play.seek(-5))).toEqual([]);
    expect(texts(play.seek(1e9))).toHaveLength(5);
  });
});
