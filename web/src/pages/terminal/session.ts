// One terminal on a server: its screen here, its socket, and the talk between the two. It lives on
// while another page is looked at, until it is hung up, its program ends, or the window is closed.
import { FitAddon } from "@xterm/addon-fit";
import type { Terminal } from "@xterm/xterm";
import { createStore } from "zustand";
import { segment } from "@/api/client";
import type { CommandResult } from "@/api/types";
import { toClipboard } from "@/lib/clipboard";
import { unique } from "@/lib/random";
import { TerminalLink } from "@/lib/terminal/link";
import { Pace } from "@/lib/terminal/pace";
import { followTheme, newScreen } from "@/lib/terminal/screen";
import { visible } from "@/lib/text";
import { HubSocket, type SocketState } from "@/socket/socket";

/** `away`: the hub is; it comes back by itself. */
export type Phase = "opening" | "open" | "away" | "over";

export interface TerminalState {
  phase: Phase;
  commandId: string | null;
  result: CommandResult | null;
  /** Why there is no terminal, or why it is gone. */
  refusal: { message: string; hint?: string | null } | null;
  selected: boolean;
  reader: boolean;
}

const encoder = new TextEncoder();

export class TerminalSession {
  readonly state = createStore<TerminalState>(() => ({
    phase: "opening",
    commandId: null,
    result: null,
    refusal: null,
    selected: false,
    reader: false,
  }));
  /** Moved into the page that shows it. */
  readonly element = document.createElement("div");
  readonly server: string;
  readonly command: string | null;
  readonly container: string | null;
  /** Called for the key that leaves the terminal for the page around it. */
  onLeave: () => void = () => undefined;
  private readonly terminal: Terminal;
  private readonly fitting = new FitAddon();
  private readonly pace = new Pace();
  private readonly link: TerminalLink;
  private readonly unfollow: () => void;
  private socket: HubSocket | null = null;

  constructor(server: string, command: string | null, container: string | null) {
    this.server = server;
    this.command = command;
    this.container = container;
    this.element.className = "h-full";
    this.terminal = newScreen({ cursorBlink: true });
    this.unfollow = followTheme(this.terminal);
    this.link = new TerminalLink(
      { command, container, key: unique() },
      {
        size: () => ({ rows: this.terminal.rows, cols: this.terminal.cols }),
        print: (data) => this.print(data),
        note: (text) => this.note(text),
        changed: () => this.changed(),
      },
    );
    this.terminal.loadAddon(this.fitting);
    this.listen();
  }

  /** Show it there; the first time also open it, as its size is known now. */
  show(place: HTMLElement): void {
    place.append(this.element);
    if (!this.terminal.element) this.terminal.open(this.element);
    this.fit();
    this.terminal.focus();
    this.socket ??= this.connect();
  }

  fit(): void {
    if (this.element.isConnected) this.fitting.fit();
  }

  focus(): void {
    this.terminal.focus();
  }

  copy(): Promise<boolean> {
    return toClipboard(this.terminal.getSelection());
  }

  /** For who has the screen read to them: what is printed also stands there as text. */
  readAloud(on: boolean): void {
    this.terminal.options.screenReaderMode = on;
    this.state.setState({ reader: on });
  }

  /** End it on the server. Where that cannot be said, the server does so within a minute. */
  hangUp(): void {
    if (this.state.getState().phase === "over") return;
    if (this.link.commandId && this.link.hangUp()) return;
    this.over({ message: "left; the server hangs it up within a minute" });
  }

  /** Forget it here, too. */
  dispose(): void {
    this.hangUp();
    this.socket?.close();
    this.unfollow();
    this.terminal.dispose();
    this.element.remove();
  }

  private connect(): HubSocket {
    return new HubSocket(`/terminal/${segment(this.server)}`, {
      onOpen: (socket) => this.link.opened(socket),
      onMessage: (message) => this.link.message(message),
      onFrame: (frame) => this.link.frame(frame),
      onState: (state) => this.went(state),
      again: () => !this.link.over,
    });
  }

  private listen(): void {
    this.terminal.onData((text) => this.type(encoder.encode(text)));
    this.terminal.onBinary((text) => {
      this.type(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    });
    this.terminal.onResize(() => this.link.resized());
    this.terminal.onSelectionChange(() => {
      this.state.setState({ selected: this.terminal.hasSelection() });
    });
    this.terminal.attachCustomKeyEventHandler((event) => this.passes(event));
  }

  /** Whether a key goes to the server: all do but the one that leaves, and the one that copies. */
  private passes(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return true;
    const copies = event.code === "KeyC" && this.terminal.hasSelection();
    const leaves = event.code === "Period";
    if (!copies && !leaves) return true;
    event.preventDefault();
    if (event.type === "keydown") {
      if (copies) void this.copy();
      else this.onLeave();
    }
    return false;
  }

  private type(data: Uint8Array): void {
    if (this.link.over) return;
    if (!this.link.type(data)) this.note("too much waits to be sent: this was not typed");
  }

  private print(data: Uint8Array): void {
    if (!this.pace.admits(data.length)) return;
    this.terminal.write(data, () => {
      const skipped = this.pace.shown(data.length);
      if (skipped === 0) return;
      this.note(`${skipped} bytes came too fast to be shown; the recording has them`);
      this.link.resized(true);
    });
  }

  private note(text: string): void {
    this.terminal.write(`\r\n[chatops: ${visible(text)}]\r\n`);
  }

  private went(state: SocketState): void {
    if (state.phase === "open") this.changed();
    else if (state.phase === "waiting") this.away(state.reason);
    else if (state.phase === "ended" && !this.link.over) this.over({ message: state.reason });
  }

  private away(reason: string): void {
    this.link.lost();
    if (this.state.getState().phase !== "open") return;
    this.note(`${reason || "the hub is away"}; coming back …`);
    this.state.setState({ phase: "away" });
  }

  private changed(): void {
    const { commandId, result, refusal } = this.link;
    if (refusal) this.over(refusal);
    else if (result) this.state.setState({ phase: "over", commandId, result });
    else if (commandId) this.state.setState({ phase: "open", commandId });
  }

  private over(refusal: { message: string; hint?: string | null }): void {
    this.socket?.close();
    this.state.setState({ phase: "over", refusal });
  }
}
