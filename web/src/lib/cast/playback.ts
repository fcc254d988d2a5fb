import type { Cast, CastEvent } from "./cast";

/** Where a player is in a recording, without a clock or a screen of its own. */
export class Playback {
  /** Seconds from the beginning to the end, pauses cut to what they may last. */
  readonly duration: number;
  /** Seconds from the beginning. */
  position = 0;
  private next = 0;
  private readonly cast: Cast;
  private readonly times: number[];

  /** No pause lasts longer than `idle` seconds; null: all last as they did. */
  constructor(cast: Cast, idle: number | null) {
    this.cast = cast;
    this.times = timesOf(cast.events, idle);
    this.duration = this.times.at(-1) ?? 0;
  }

  get over(): boolean {
    return this.next >= this.times.length;
  }

  /** What happens in the next so many seconds. */
  advance(seconds: number): CastEvent[] {
    this.position = Math.min(this.position + seconds, this.duration);
    return this.due();
  }

  /** Go there: what happened up to then, from the beginning. */
  seek(position: number): CastEvent[] {
    this.position = Math.min(Math.max(0, position), this.duration);
    this.next = 0;
    return this.due();
  }

  /** The same place, with other pauses. */
  withIdle(idle: number | null): Playback {
    const other = new Playback(this.cast, idle);
    other.next = this.next;
    other.position = other.times[this.next - 1] ?? 0;
    return other;
  }

  private due(): CastEvent[] {
    const first = this.next;
    while (this.next < this.times.length && (this.times[this.next] ?? 0) <= this.position) {
      this.next += 1;
    }
    return this.cast.events.slice(first, this.next);
  }
}

function timesOf(events: readonly CastEvent[], idle: number | null): number[] {
  let at = 0;
  let before = 0;
  return events.map(([seconds]) => {
    const pause = Math.max(0, seconds - before);
    before = seconds;
    at += idle === null ? pause : Math.min(pause, idle);
    return at;
  });
}
