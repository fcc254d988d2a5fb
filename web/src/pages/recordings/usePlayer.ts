import type { Terminal } from "@xterm/xterm";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { type Cast, type CastEvent, sizeOf } from "@/lib/cast/cast";
import { Playback } from "@/lib/cast/playback";
import { followTheme, newScreen } from "@/lib/terminal/screen";
import { visible } from "@/lib/text";

export interface Player {
  playing: boolean;
  position: number;
  duration: number;
  toggle: () => void;
  seek: (position: number) => void;
}

const LARGEST = 14;
const SMALLEST = 7;
/** A letter is so wide, of its height. */
const LETTER = 0.61;

/** Plays a recording in a screen at `place`, so many times as fast. */
export function usePlayer(
  place: RefObject<HTMLElement | null>,
  cast: Cast,
  speed: number,
  idle: number | null,
  reader: boolean,
): Player {
  const [playing, setPlaying] = useState(true);
  const [position, setPosition] = useState(0);
  const playback = useRef(new Playback(cast, idle));
  const screen = useScreen(place, cast);

  useEffect(() => {
    playback.current = playback.current.withIdle(idle);
    setPosition(playback.current.position);
  }, [idle]);
  useEffect(() => {
    if (screen.current) screen.current.options.screenReaderMode = reader;
  }, [reader, screen]);

  useEffect(() => {
    if (!playing) return;
    let before: number | null = null;
    let frame = requestAnimationFrame(function step(now) {
      const passed = before === null ? 0 : (now - before) / 1000;
      before = now;
      show(screen.current, playback.current.advance(passed * speed));
      setPosition(playback.current.position);
      if (playback.current.over) setPlaying(false);
      else frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, screen]);

  const seek = useCallback(
    (to: number) => {
      screen.current?.reset();
      screen.current?.resize(cast.cols, cast.rows);
      show(screen.current, playback.current.seek(to));
      setPosition(playback.current.position);
    },
    [cast, screen],
  );
  const toggle = () => {
    if (!playing && playback.current.over) seek(0);
    setPlaying(!playing);
  };
  return { playing, position, duration: playback.current.duration, toggle, seek };
}

function useScreen(place: RefObject<HTMLElement | null>, cast: Cast) {
  const screen = useRef<Terminal | null>(null);
  useEffect(() => {
    const here = place.current;
    if (!here) return;
    const terminal = newScreen({ cols: cast.cols, rows: cast.rows, disableStdin: true });
    terminal.open(here);
    screen.current = terminal;
    const fit = () => {
      const size = Math.floor((here.clientWidth - 24) / (terminal.cols * LETTER));
      terminal.options.fontSize = Math.max(SMALLEST, Math.min(LARGEST, size));
    };
    const observer = new ResizeObserver(fit);
    observer.observe(here);
    terminal.onResize(fit);
    const unfollow = followTheme(terminal);
    return () => {
      observer.disconnect();
      unfollow();
      terminal.dispose();
      screen.current = null;
    };
  }, [place, cast]);
  return screen;
}

/** What was printed goes to the screen in one piece, but for what changes the screen's size. */
function show(terminal: Terminal | null, events: readonly CastEvent[]): void {
  if (!terminal) return;
  let text = "";
  for (const [, code, data] of events) {
    if (code === "o") text += data;
    else if (code === "m") text += `\r\n[chatops: ${visible(data)}]\r\n`;
    const size = code === "r" ? sizeOf(data) : null;
    if (!size) continue;
    const before = text;
    text = "";
    terminal.write(before, () => terminal.resize(size.cols, size.rows));
  }
  if (text) terminal.write(text);
}
