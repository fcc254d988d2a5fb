// A run as it is followed: what of it was told so far. Pure; useFollowing gives it its socket.
import type { CommandResult } from "@/api/types";
import type { Frame } from "@/socket/frames";
import { type Offsets, type StreamEvent, Streams } from "./streams";
import { TextTail } from "./tail";

export interface Followed {
  server: string;
  command: string;
  stdout: TextTail;
  stderr: TextTail;
  /** Bytes that never came: nobody has them any more. */
  missing: number;
  result: CommandResult | null;
}

export class Following {
  runId: string | null = null;
  /** How many commands there are; null: not told yet. */
  servers: number | null = null;
  /** What the hub says when it cannot go on. */
  error: StreamEvent["error"] | null = null;
  readonly commands = new Map<string, Followed>();
  private readonly streams = new Streams();
  private readonly kept: number;

  /** `kept` characters of each stream are kept. */
  constructor(kept: number) {
    this.kept = kept;
  }

  /** Whether there is nothing more to come. */
  get over(): boolean {
    if (this.error) return true;
    const ended = [...this.commands.values()].filter((one) => one.result !== null).length;
    return this.servers !== null && ended >= this.servers;
  }

  /** What to ask for on a new connection. */
  reopened(): Offsets {
    this.streams.reopened();
    return this.streams.offsets();
  }

  event(event: StreamEvent): void {
    if (event.event === "run") this.began(event);
    else if (event.event === "error") this.error = event.error ?? null;
    else if (event.event === "start") {
      this.streams.started(event);
      this.of(event.command_id ?? "", event.server ?? "");
    } else if (event.result) this.ended(event, event.result);
  }

  frame(frame: Frame): void {
    const fresh = this.streams.fresh(frame);
    const command = fresh && this.commands.get(fresh.command);
    if (!fresh || !command) return;
    command.missing += fresh.missing;
    if (fresh.missing) command[fresh.stream].gap(fresh.missing);
    command[fresh.stream].add(fresh.data);
  }

  private began(event: StreamEvent): void {
    this.runId = event.run_id ?? null;
    this.servers = event.servers ?? 0;
  }

  private ended(event: StreamEvent, result: CommandResult): void {
    const command = this.of(result.command_id, result.server);
    if (command.result === null) command.missing += this.streams.ended(event);
    command.result = result;
  }

  private of(command: string, server: string): Followed {
    const known = this.commands.get(command);
    if (known) return known;
    const made = {
      server,
      command,
      stdout: new TextTail(this.kept),
      stderr: new TextTail(this.kept),
      missing: 0,
      result: null,
    };
    this.commands.set(command, made);
    return made;
  }
}
