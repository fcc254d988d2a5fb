// What the pages of one server do, as commands: docs/reference/cli.md.
import { chatops } from "./chatops";

export const serverPageCommands = {
  sample: (server: string) => chatops("metrics", "show", server),
  plot: (server: string, metrics: string[], since: string, until: string | null) =>
    chatops("metrics", "plot", server, ...metrics, "--since", since, ...option("--until", until)),
  history: (server: string, metrics: string[], since: string, until: string | null) =>
    chatops(
      ...["metrics", "history", server, ...metrics, "--since", since],
      ...option("--until", until),
    ),
  ps: (server: string, sort: string, limit: number) =>
    chatops("ps", server, "--sort", sort, "--limit", limit),
  events: (server: string, since: string | null) =>
    chatops("events", server, ...option("--since", since)),
  alerts: (server: string) => chatops("alerts", "list", "--server", server),
  commands: (server: string) => chatops("commands", "list", "--server", server),
  keys: (server: string) => chatops("keys", "list", server),
  createKey: (server: string, name: string, expires: string) =>
    chatops("keys", "create", server, ...option("--name", name), ...option("--expires", expires)),
  revokeKey: (id: string) => chatops("keys", "revoke", id, "--yes"),
};

function option(name: string, value: string | null): string[] {
  return value ? [name, value] : [];
}
