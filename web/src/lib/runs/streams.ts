// Which bytes of which command's output a frame holds, each of them once, however often the way to
// the hub is lost. Pure: docs/reference/wire.md has the messages.
import type { CommandResult } from "@/api/types";
import type { Frame } from "@/socket/frames";

export type StreamName = "stdout" | "stderr";

/** What a `command_event` says; the hub leaves out what is not said. */
export interface StreamEvent {
  event: "run" | "start" | "end" | "error";
  server?: string;
  command_id?: string;
  run_id?: string;
  stdout?: number;
  stderr?: number;
  result?: CommandResult;
  error?: { code: string; message: string; hint?: string | null };
  servers?: number;
  stdout_bytes?: number;
  stderr_bytes?: number;
}

/** New bytes of a command's output; before them `missing` bytes never came. */
export interface Fresh {
  command: string;
  stream: StreamName;
  data: Uint8Array;
  missing: number;
}

export type Offsets = Record<string, [number, number]>;

export class Streams {
  /** The hub numbers the streams anew on each connection. */
  private numbers = new Map<number, { command: string; stream: StreamName }>();
  private readonly done = new Map<string, Record<StreamName, number>>();

  /** A new connection: its numbers are not known yet. */
  reopened(): void {
    this.numbers = new Map();
  }

  /** From where on each command's output is still wanted: [stdout, stderr]. */
  offsets(): Offsets {
    const entries = [...this.done].map(([command, { stdout, stderr }]) => [
      command,
      [stdout, stderr] as [number, number],
    ]);
    return Object.fromEntries(entries);
  }

  started(event: StreamEvent): void {
    const command = event.command_id ?? "";
    if (event.stdout !== undefined) this.numbers.set(event.stdout, { command, stream: "stdout" });
    if (event.stderr !== undefined) this.numbers.set(event.stderr, { command, stream: "stderr" });
    this.of(command);
  }

  /** What of a frame was not there before; null: nothing. */
  fresh(frame: Frame): Fresh | null {
    const known = this.numbers.get(frame.stream);
    if (!known) return null;
    const done = this.of(known.command);
    const before = done[known.stream];
    const end = frame.offset + frame.data.length;
    if (end <= before) return null;
    done[known.stream] = end;
    const data = frame.data.subarray(Math.max(0, before - frame.offset));
    return { ...known, data, missing: Math.max(0, frame.offset - before) };
  }

  /** The command is over: how many bytes of its output never came. */
  ended(event: StreamEvent): number {
    const done = this.of(event.command_id ?? event.result?.command_id ?? "");
    const missing = (name: StreamName, length = 0) => Math.max(0, length - done[name]);
    return missing("stdout", event.stdout_bytes) + missing("stderr", event.stderr_bytes);
  }

  private of(command: string): Record<StreamName, number> {
    const known = this.done.get(command) ?? { stdout: 0, stderr: 0 };
    this.done.set(command, known);
    return known;
  }
}
