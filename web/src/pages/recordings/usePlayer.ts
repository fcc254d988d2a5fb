import { type RefObject, useEffect, useRef, useState } from "react";
import type { Cast } from "@/lib/cast/cast";
import { Playback } from "@/lib/cast/playback";
import { CastScreen } from "./screen";

export interface Player {
  playing: boolean;
  position: number;
  duration: number;
  toggle: () => void;
  seek: (position: number) => void;
}

/** To go back, all is printed again from the beginning: not for each place that is passed over. */
const SETTLES_MS = 150;

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
  const [playback] = useState(() => ({ current: new Playback(cast, idle) }));
  const screen = useScreen(place, cast);
  const sought = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(sought.current ?? undefined), []);

  useEffect(() => {
    playback.current = playback.current.withIdle(idle);
    setPosition(playback.current.position);
  }, [idle, playback]);
  useEffect(() => {
    screen.current?.readAloud(reader);
  }, [reader, screen]);

  useEffect(() => {
    if (!playing) return;
    let before: number | null = null;
    let frame = requestAnimationFrame(function step(now) {
      const passed = before === null ? 0 : (now - before) / 1000;
      before = now;
      // A screen that is behind with much output holds the time up, and no output piles up.
      if (!screen.current?.busy && !sought.current) {
        screen.current?.show(playback.current.advance(passed * speed));
        setPosition(playback.current.position);
      }
      if (playback.current.over && !screen.current?.busy && !sought.current) setPlaying(false);
      else frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, screen, playback]);

  const seek = (to: number) => {
    setPosition(to);
    if (sought.current) clearTimeout(sought.current);
    sought.current = setTimeout(() => {
      sought.current = null;
      screen.current?.whenIdle(() => go(to));
    }, SETTLES_MS);
  };
  const go = (to: number) => {
    const ahead = to - playback.current.position;
    if (ahead < 0) screen.current?.clear();
    screen.current?.show(ahead < 0 ? playback.current.seek(to) : playback.current.advance(ahead));
    setPosition(playback.current.position);
  };
  const toggle = () => {
    if (!playing && playback.current.over) screen.current?.whenIdle(() => go(0));
    setPlaying(!playing);
  };
  return { playing, position, duration: playback.current.duration, toggle, seek };
}

function useScreen(place: RefObject<HTMLElement | null>, cast: Cast) {
  const screen = useRef<CastScreen | null>(null);
  useEffect(() => {
    const here = place.current;
    if (!here) return;
    const made = new CastScreen(here, cast);
    screen.current = made;
    return () => {
      made.dispose();
      screen.current = null;
    };
  }, [place, cast]);
  return screen;
}
