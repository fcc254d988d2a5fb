// The commands of logs: docs/reference/cli.md.
import { chatops } from "./chatops";

export const logCommands = {
  tail: (asked: { target: string; level: string; grep: string; source: string }) =>
    chatops(
      ...["tail", place(asked.target || "all", asked.source), "-f"],
      ...option("--unit", after("unit:", asked.source)),
      ...option("--container", after("container:", asked.source)),
      ...option("--level", asked.level),
      ...option("--grep", asked.grep),
    ),
  /** A search has words; the last lines without any are those of `tail`. */
  search: (asked: { q: string; target: string; level: string; since: string; until: string }) =>
    asked.q ? search(asked) : last(asked),
};

type Search = Parameters<typeof logCommands.search>[0];

const last = ({ target, level }: Search) =>
  chatops("tail", target || "all", "--no-follow", "-n", 200, ...option("--level", level));

const search = (asked: Search) =>
  chatops(
    ...["logs", "search", "--limit", 200],
    ...option("--server", asked.target),
    ...option("--since", asked.since),
    ...option("--until", asked.until),
    ...option("--level", asked.level),
    // A word that is left out begins like an option.
    ...(asked.q.startsWith("-") ? ["--", asked.q] : [asked.q]),
  );

/** TARGET, with the path of the source if it is a file. */
function place(target: string, source: string): string {
  return source.startsWith("/") ? `${target}:${source}` : target;
}

function after(prefix: string, source: string): string {
  return source.startsWith(prefix) ? source.slice(prefix.length) : "";
}

function option(name: string, value: string): string[] {
  return value ? [name, value] : [];
}
