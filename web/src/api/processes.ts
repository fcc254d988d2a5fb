import { useQuery } from "@tanstack/react-query";
import { get, segment } from "./client";
import type { ProcessPage } from "./types";

export type ProcessSort = "cpu" | "memory";
const AGAIN_MS = 5_000;

/** The processes that take most now, asked of the agent again and again; limit 0 is all. */
export function useProcesses(server: string, sort: ProcessSort, limit: number) {
  return useQuery({
    queryKey: ["processes", server, sort, limit],
    queryFn: ({ signal }) =>
      get<ProcessPage>(`/processes/${segment(server)}`, { sort, limit }, signal),
    refetchInterval: AGAIN_MS,
    staleTime: 0,
    placeholderData: (before) => before,
  });
}
