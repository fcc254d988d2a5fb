import type { CommandRecord } from "@/api/types";
import type { Tone } from "@/ui/badge";

export type CommandStatus = CommandRecord["status"];

export const STATUSES: CommandStatus[] = [
  "queued",
  "sent",
  "running",
  "succeeded",
  "failed",
  "timed_out",
  "cancelled",
  "offline",
  "refused",
  "lost",
];

const TONES: Record<CommandStatus, Tone> = {
  queued: "plain",
  sent: "plain",
  running: "accent",
  succeeded: "good",
  failed: "bad",
  timed_out: "bad",
  cancelled: "warn",
  offline: "warn",
  refused: "warn",
  lost: "bad",
};

export const tone = (status: CommandStatus): Tone => TONES[status] ?? "plain";

export const statusWord = (status: CommandStatus): string => status.replace("_", " ");

/** Whether it may still become something else; of `lost` the true outcome may come late. */
export function open(status: CommandStatus): boolean {
  return status === "queued" || status === "sent" || status === "running";
}

interface Ended {
  status: CommandStatus;
  exit_code?: number | null;
  signal?: number | null;
  error?: string | null;
}

const SIGNALS: Record<number, string> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  6: "ABRT",
  9: "KILL",
  11: "SEGV",
  13: "PIPE",
  15: "TERM",
};

/** In a few words how it ended, beside its status; empty where that says all. */
export function ending({ status, exit_code, signal, error }: Ended): string {
  if (error) return error;
  if (status === "succeeded" || open(status)) return "";
  if (signal) return `killed by signal ${signal}${SIGNALS[signal] ? ` (${SIGNALS[signal]})` : ""}`;
  if (exit_code !== null && exit_code !== undefined) return `exit status ${exit_code}`;
  return status === "failed" ? "could not be started" : "";
}

/** What one can do about it; null: nothing that we know of. */
export function advice({ status, error }: Ended): string | null {
  if (status !== "refused") return null;
  const allow = /--allow (\w+)/.exec(error ?? "")?.[1];
  if (allow) return `Its owner can start the agent with --allow ${allow} among what is allowed.`;
  return "The policy of the agent, on the target, decides this.";
}

const ORDER: Record<CommandStatus, number> = {
  failed: 0,
  timed_out: 0,
  lost: 1,
  refused: 2,
  offline: 2,
  cancelled: 3,
  running: 4,
  sent: 5,
  queued: 6,
  succeeded: 7,
};

/** What went wrong first, then what goes on, then what is well; by name within each. */
export function failedFirst<T extends { status: CommandStatus; server: string }>(
  commands: readonly T[],
): T[] {
  return [...commands].sort(
    (one, other) =>
      ORDER[one.status] - ORDER[other.status] ||
      one.server.localeCompare(other.server, undefined, { numeric: true }),
  );
}

/** A command as one line of text, as it was asked for. */
export function commandText(command: string | string[]): string {
  return typeof command === "string" ? command : command.join(" ");
}

export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
