import type { ServerProcess } from "@/api/types";

/** Those whose name, command line, user or number hold every word that is looked for. */
export function matching(processes: readonly ServerProcess[], search: string): ServerProcess[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return processes.filter((one) => {
    const text = [one.pid, one.user, one.name, one.command].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
