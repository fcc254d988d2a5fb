import type { Server } from "@/api/types";

export type Sort = "name" | "status" | "cpu" | "memory" | "disk" | "alerts" | "seen";
export interface Choice {
  /** Words, each of which a name or `key=value` tag must hold. */
  search: string;
  status: Server["status"] | "";
  sort: Sort;
  down: boolean;
}

const STATUS: Record<Server["status"], number> = { offline: 0, never: 1, online: 2 };

const VALUES: Record<Sort, (server: Server) => string | number | null> = {
  name: (server) => server.name,
  status: (server) => STATUS[server.status],
  cpu: (server) => server.cpu_percent,
  memory: (server) => server.memory_percent,
  disk: (server) => server.disk_percent,
  alerts: (server) => server.alerts,
  seen: (server) => (server.last_seen ? Date.parse(server.last_seen) : null),
};

/** The servers that are asked for, in the order that is asked for; what has no value comes last. */
export function choose(servers: readonly Server[], choice: Choice): Server[] {
  const words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
  const value = VALUES[choice.sort];
  return servers
    .filter((server) => !choice.status || server.status === choice.status)
    .filter((server) => words.every((word) => matches(server, word)))
    .sort((one, other) => {
      const order = compare(value(one), value(other), choice.down);
      return order || compare(one.name, other.name, false);
    });
}

function matches(server: Server, word: string): boolean {
  return (
    server.name.toLowerCase().includes(word) ||
    Object.entries(server.tags).some(([key, value]) =>
      `${key}=${value}`.toLowerCase().includes(word),
    )
  );
}

type Value = string | number | null;

function compare(one: Value, other: Value, down: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const order =
    typeof one === "string" && typeof other === "string"
      ? one.localeCompare(other, undefined, { numeric: true })
      : Number(one) - Number(other);
  return down ? -order : order;
}

/** Tags as they are typed: `env=prod role=db`. Throws with what is wrong. */
export function parseTags(text: string): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [key, ...rest] = word.split("=");
    if (!key || rest.length === 0) throw new Error(`a tag is KEY=VALUE, and this is none: ${word}`);
    tags[key] = rest.join("=");
  }
  return tags;
}

/** What makes the tags `after` of those of `before`; null takes a tag away. */
export function tagChanges(
  before: Record<string, string>,
  after: Record<string, string>,
): Record<string, string | null> {
  const gone = Object.keys(before).filter((key) => !(key in after));
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)]);
}

/** The line to paste on a target, as `chatops servers add` prints it. */
export function pasteLine(
  join: string,
  options: { monitorOnly: boolean; insecure: boolean },
): string {
  const allow = options.monitorOnly ? "" : " --allow exec,docker";
  return `CHATOPS_JOIN=${join} chatops agent${allow}${options.insecure ? " --insecure" : ""}`;
}

/** Whether agents that come from elsewhere speak plain HTTP, as this page does. */
export function plainElsewhere(location: { protocol: string; hostname: string }): boolean {
  const here = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(location.hostname);
  return location.protocol === "http:" && !here;
}
