// A run's servers as they are shown: what the hub's record says, and what is heard live of them.
import type { Run } from "@/api/types";
import type { Following } from "./following";
import { type CommandStatus, failedFirst, open, STATUSES } from "./outcome";

export interface RunRow {
  id: string;
  server: string;
  status: CommandStatus;
  exit_code: number | null;
  signal: number | null;
  error: string | null;
  duration_ms: number | null;
  /** The last lines that it printed. */
  last: string[];
}

const LINES = 3;

export function runRows(run: Run, following: Following): RunRow[] {
  const rows = run.commands.map((command) => {
    const heard = following.commands.get(command.id);
    // The record is right once it is final: of `lost` the truth may come late. Before that what is
    // heard is newer.
    const said = open(command.status) ? (heard?.result ?? command) : command;
    const { status, exit_code, signal, error } = said;
    return {
      id: command.id,
      server: command.server,
      status: heard && status === "sent" ? "running" : status,
      exit_code: exit_code ?? null,
      signal: signal ?? null,
      error: error ?? null,
      duration_ms: heard?.result?.duration_ms ?? null,
      last: lastLines(heard, status),
    } satisfies RunRow;
  });
  return failedFirst(rows);
}

function lastLines(
  heard: ReturnType<Following["commands"]["get"]>,
  status: CommandStatus,
): string[] {
  if (!heard) return [];
  const errors = heard.stderr.last(LINES);
  return status !== "succeeded" && errors.length ? errors : heard.stdout.last(LINES);
}

/** How many there are of each state, in the order of the states. */
export function counts(rows: readonly RunRow[]): [CommandStatus, number][] {
  return STATUSES.map((status): [CommandStatus, number] => [
    status,
    rows.filter((row) => row.status === status).length,
  ]).filter(([, count]) => count > 0);
}
