// The screen on which a recording is played: as large as the terminal was, its letters as small as
// the page needs.
import type { Terminal } from "@xterm/xterm";
import { type Cast, type CastEvent, sizeOf } from "@/lib/cast/cast";
import { followTheme, newScreen } from "@/lib/terminal/screen";
import { visible } from "@/lib/text";

const LARGEST = 14;
const SMALLEST = 9;
/** A letter is so wide, of its height. */
const LETTER = 0.61;
const EDGES = 24;
/** Sets a terminal back, in its turn among what is printed. */
const RESET = "\x1bc";

export class CastScreen {
  private readonly terminal: Terminal;
  private readonly cast: Cast;
  private readonly observer: ResizeObserver;
  private readonly unfollow: () => void;
  private pending = 0;
  private next: (() => void) | null = null;

  constructor(place: HTMLElement, cast: Cast) {
    this.cast = cast;
    this.terminal = newScreen({ cols: cast.cols, rows: cast.rows, disableStdin: true });
    this.terminal.open(place);
    const fit = () => {
      const size = Math.floor((place.clientWidth - EDGES) / (this.terminal.cols * LETTER));
      this.terminal.options.fontSize = Math.max(SMALLEST, Math.min(LARGEST, size));
    };
    this.observer = new ResizeObserver(fit);
    this.observer.observe(place);
    this.terminal.onResize(fit);
    this.unfollow = followTheme(this.terminal);
  }

  /** Whether something is not on the screen yet. */
  get busy(): boolean {
    return this.pending > 0;
  }

  /** Do this as soon as all is on the screen; of several only the last. */
  whenIdle(action: () => void): void {
    this.next = action;
    this.idle();
  }

  /** As it was at the beginning. */
  clear(): void {
    this.write(RESET, () => this.terminal.resize(this.cast.cols, this.cast.rows));
  }

  /** What is printed goes to the screen in one piece, but for what changes the screen's size. */
  show(events: readonly CastEvent[]): void {
    let text = "";
    for (const [, code, data] of events) {
      if (code === "o") text += data;
      else if (code === "m") text += `\r\n[chatops: ${visible(data)}]\r\n`;
      const size = code === "r" ? sizeOf(data) : null;
      if (!size) continue;
      this.write(text, () => this.terminal.resize(size.cols, size.rows));
      text = "";
    }
    if (text) this.write(text);
  }

  readAloud(on: boolean): void {
    this.terminal.options.screenReaderMode = on;
  }

  dispose(): void {
    this.next = null;
    this.observer.disconnect();
    this.unfollow();
    this.terminal.dispose();
  }

  private write(text: string, after?: () => void): void {
    this.pending += 1;
    this.terminal.write(text, () => {
      after?.();
      this.pending -= 1;
      this.idle();
    });
  }

  private idle(): void {
    if (this.busy || !this.next) return;
    const action = this.next;
    this.next = null;
    action();
  }
}
