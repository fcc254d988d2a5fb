// What is said of the servers of a run before it begins.
import type { RunPlan } from "@/api/types";

/** So many reasons are told in full. */
const TOLD = 5;

/** How many of the servers would not run it; empty where all would. */
export function wouldNot({ servers }: RunPlan): string {
  const count = servers.filter(({ status }) => status !== "online").length;
  if (count === 0) return "";
  if (count < servers.length) return `${count} of ${servers.length} would not run it:`;
  return count === 1 ? "It would not be run:" : "None of them would run it:";
}

/** Why: what the hub says of those that are refused, each reason once, and how many are away. */
export function reasons({ servers }: RunPlan): string[] {
  const away = servers.filter(({ status }) => status === "offline" || status === "never").length;
  const refused = [...new Set(servers.flatMap(({ error }) => (error ? [error] : [])))];
  const more = refused.length - TOLD;
  return [
    ...refused.slice(0, TOLD),
    ...(more > 0 ? [`and ${more} more like these`] : []),
    ...(away > 0 ? [`${away} ${away === 1 ? "is" : "are"} not connected`] : []),
  ];
}
