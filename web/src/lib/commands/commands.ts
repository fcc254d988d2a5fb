// The commands that do the same as the pages' actions on terminals, commands, runs and recordings.
import { chatops } from "./chatops";

export interface ExecOptions {
  timeout?: string;
  parallel?: string;
  batch?: string;
  maxFailures?: string;
  expect?: number | undefined;
  cwd?: string;
  env?: Record<string, string>;
  dryRun?: boolean;
}

export interface HistoryChoice {
  server?: string;
  user?: string;
  since?: string;
  status?: string;
}

export const commandCommands = {
  shell: (server: string, command: string | null) => chatops("shell", server, command),
  list: (choice: HistoryChoice) => chatops("commands", "list", ...history(choice)),
  show: (id: string) => chatops("commands", "show", id),
  output: (id: string) => chatops("commands", "output", id),
  attach: (id: string) => chatops("commands", "attach", id),
  cancel: (id: string) => chatops("commands", "cancel", id),
  exec: (target: string, command: string, options: ExecOptions = {}) =>
    chatops("exec", ...execOptions(options), target || "TARGET", command || "COMMAND"),
  recordings: (choice: HistoryChoice) => chatops("recordings", "list", ...history(choice)),
  play: (id: string, speed: number, idle: number | null) =>
    chatops(
      "recordings",
      "play",
      ...option("--speed", speed === 1 ? null : speed),
      ...option("--idle", idle === null ? null : `${idle}s`),
      id,
    ),
  exportRecording: (id: string) => chatops("recordings", "export", id, `${id}.cast`),
};

type Words = (string | number)[];

const option = (name: string, value: string | number | null | undefined): Words =>
  value === null || value === undefined || value === "" ? [] : [name, value];

function history({ server, user, since, status }: HistoryChoice): Words {
  return [
    ...option("--server", server),
    ...option("--user", user),
    ...option("--since", since),
    ...option("--status", status),
  ];
}

function execOptions(options: ExecOptions): Words {
  return [
    ...option("--timeout", options.timeout),
    ...option("--parallel", options.parallel),
    ...option("--batch", options.batch),
    ...option("--max-failures", options.maxFailures),
    ...option("--expect-count", options.expect),
    ...option("--cwd", options.cwd),
    ...Object.entries(options.env ?? {}).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ...(options.dryRun ? ["--dry-run"] : []),
  ];
}
