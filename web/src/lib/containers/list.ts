import type { ContainerStats, ServerContainer } from "@/api/types";
import type { Tone } from "@/ui/badge";

export type ContainerVerb = "start" | "stop" | "restart" | "pause" | "unpause" | "kill" | "rm";

/** What makes sense of a container in a state; the engine decides. */
export function verbs(state: string): ContainerVerb[] {
  if (state === "running") return ["restart", "stop", "pause", "kill"];
  if (state === "paused") return ["unpause", "kill"];
  if (state === "restarting") return ["stop", "kill"];
  return ["start", "rm"];
}

export function stateTone(state: string, health: string | null): Tone {
  if (health === "unhealthy" || state === "dead" || state === "restarting") return "bad";
  if (state === "running") return "good";
  return state === "paused" ? "warn" : "plain";
}

export interface ContainerChoice {
  /** Words, each of which the name, the image or the project must hold. */
  q: string;
  state: string;
}

/** Those asked for; of one Compose project together, those of none last, then by name. */
export function chooseContainers(
  containers: readonly ServerContainer[],
  { q, state }: ContainerChoice,
): ServerContainer[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return containers
    .filter((one) => !state || (state === "stopped" ? !isUp(one.state) : one.state === state))
    .filter((one) => {
      const text = `${one.name} ${one.image} ${one.project ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(
      (one, other) =>
        Number(one.project === null) - Number(other.project === null) ||
        (one.project ?? "").localeCompare(other.project ?? "") ||
        one.name.localeCompare(other.name, undefined, { numeric: true }),
    );
}

export const isUp = (state: string) => ["running", "paused", "restarting"].includes(state);

export type StatsById = ReadonlyMap<string, ContainerStats>;

export const byId = (stats: readonly ContainerStats[]): StatsById =>
  new Map(stats.map((one) => [one.id, one]));
