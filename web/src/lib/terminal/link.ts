// The talk with the hub about one terminal, without a socket of its own: it is given what comes, and
// says what goes. So that it comes back by itself, it knows how far it has come.
import type { CommandResult } from "@/api/types";
import { type StreamEvent, Streams } from "@/lib/runs/streams";
import type { Frame } from "@/socket/frames";
import type { Message } from "@/socket/socket";
import { Feed } from "./feed";

/** What is typed goes as this stream. */
const INPUT = 0;
export const TERM = "xterm-256color";
/** Milliseconds that a server is away before that is told: most are back before. */
const AWAY = 3000;

export interface Size {
  rows: number;
  cols: number;
}

export interface Outlet {
  send: (message: Message) => void;
  sendFrame: (stream: number, offset: number, data: Uint8Array) => void;
}

export interface Opening {
  /** A line for the shell there; null: the login shell. */
  command: string | null;
  /** Where on the server; null: on itself. */
  container: string | null;
  /** Asked again with the same key, it is the same terminal. */
  key: string;
}

export interface Screen {
  size: () => Size;
  print: (data: Uint8Array) => void;
  /** A word of ours between the lines of the server. */
  note: (text: string) => void;
  /** Something of `commandId`, `result` or `refusal` is another. */
  changed: () => void;
}

export class TerminalLink {
  commandId: string | null = null;
  result: CommandResult | null = null;
  /** Why there is no terminal. */
  refusal: { message: string; hint?: string | null } | null = null;
  private outlet: Outlet | null = null;
  private printed = 0;
  /** Runs while the server is away and that was not told. */
  private away: ReturnType<typeof setTimeout> | undefined;
  private toldAway = false;
  private readonly feed = new Feed();
  private readonly streams = new Streams();
  private readonly opening: Opening;
  private readonly screen: Screen;

  constructor(opening: Opening, screen: Screen) {
    this.opening = opening;
    this.screen = screen;
  }

  get over(): boolean {
    return this.result !== null || this.refusal !== null;
  }

  /** A connection stands: open the terminal, or come back to it. */
  opened(outlet: Outlet): void {
    this.outlet = outlet;
    this.feed.lost();
    this.streams.reopened();
    const { opening } = this;
    const what = this.commandId
      ? { command_id: this.commandId, offset: this.printed }
      : { ...opening, term: TERM };
    outlet.send({ type: "terminal", ...this.screen.size(), ...what });
  }

  /** The connection is gone; another may follow. */
  lost(): void {
    this.outlet = null;
    this.feed.lost();
    this.toldAway = false;
    clearTimeout(this.away);
  }

  message(message: Message): void {
    if (message.type === "command_event") this.event(message.data as StreamEvent);
    else if (message.type === "stream_cut") this.cut();
    else if (message.type === "stream_open") this.back();
    else if (message.type === "stream_close") this.feed.closed = true;
    else if (message.type === "stream_credit") {
      this.granted(Number(message.credit ?? 0), Number(message.offset ?? 0));
    } else if (message.type === "error" && message.code === "malformed") {
      this.refuse({ message: String(message.message) });
    }
  }

  frame(frame: Frame): void {
    const fresh = this.streams.fresh(frame);
    if (!fresh) return;
    if (fresh.stream === "stderr") {
      this.screen.note(new TextDecoder().decode(fresh.data).trim());
      return;
    }
    this.printed = frame.offset + frame.data.length;
    if (fresh.missing) this.skipped(fresh.missing);
    this.screen.print(fresh.data);
  }

  /** What was typed; false when there is no room for it. */
  type(data: Uint8Array): boolean {
    const taken = this.feed.add(data);
    this.pump();
    return taken;
  }

  resized(redraw = false): void {
    if (this.commandId && !this.over) {
      this.outlet?.send({ type: "resize", ...this.screen.size(), redraw });
    }
  }

  /** End the terminal on the server. Whether it could be said. */
  hangUp(): boolean {
    if (!this.outlet) return false;
    const offset = this.feed.length;
    this.outlet.send({ type: "stream_close", stream: INPUT, offset, reason: "eof" });
    return true;
  }

  /** The server is away, not the hub. */
  private cut(): void {
    this.feed.lost();
    clearTimeout(this.away);
    this.away = setTimeout(() => {
      if (this.over) return;
      this.toldAway = true;
      this.screen.note("the server is away; what you type waits for it");
    }, AWAY);
  }

  private back(): void {
    this.feed.lost();
    clearTimeout(this.away);
    if (!this.toldAway) return;
    this.toldAway = false;
    this.screen.note("the server is back");
    this.resized(true);
  }

  private event(event: StreamEvent): void {
    if (event.event === "start") this.started(event);
    else if (event.event === "end") this.result = event.result ?? null;
    else if (event.event === "error") {
      this.refuse(event.error ?? { message: "the hub broke it off" });
      return;
    } else return;
    this.screen.changed();
  }

  private started(event: StreamEvent): void {
    this.streams.started(event);
    const first = this.commandId === null;
    this.commandId = event.command_id ?? null;
    if (first) this.resized(); // it may have changed since it was asked for
  }

  private granted(credit: number, offset: number): void {
    try {
      this.feed.granted(credit, offset);
    } catch (error) {
      this.screen.note(error instanceof Error ? error.message : String(error));
      this.feed.closed = true;
    }
    this.pump();
  }

  private pump(): void {
    if (!this.outlet) return;
    for (let piece = this.feed.take(); piece; piece = this.feed.take()) {
      this.outlet.sendFrame(INPUT, piece.offset, piece.data);
    }
  }

  /** The program draws its screen anew, as what is there is not what it thinks. */
  private skipped(bytes: number): void {
    this.screen.note(`${bytes} bytes of output are lost`);
    this.resized(true);
  }

  private refuse(refusal: { message: string; hint?: string | null }): void {
    this.refusal = refusal;
    this.screen.changed();
  }
}
