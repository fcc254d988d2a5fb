// The commands of logs: docs/reference/cli.md.
import { chatops } from "./chatops";

export const logCommands = {
  tail: (asked: { target: string; level: string; grep: string; source: string }) =>
    chatops(
      ...["tail", asked.target || "all", "-f"],
      ...option("--source", asked.source),
      ...option("--level", asked.level),
      ...option("--grep", asked.grep),
    ),
  search: (asked: { q: string; target: string; level: string; since: string; until: string }) =>
    chatops(
      ...["logs", "search", "--limit", 200],
      ...option("--server", asked.target),
      ...option("--since", asked.since),
      ...option("--until", asked.until),
      ...option("--level", asked.level),
      // A word that is left out begins like an option.
      ...(asked.q.startsWith("-") ? ["--", asked.q] : [asked.q || null]),
    ),
};

function option(name: string, value: string): string[] {
  return value ? [name, value] : [];
}
