import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ContainerVerb } from "@/lib/containers/list";
import { get, post, segment } from "./client";
import type {
  ContainerChange,
  ContainerDetail,
  ContainerProcess,
  ContainerStats,
  Page,
  ServerContainer,
} from "./types";

const LIVE_MS = 4_000;

const path = (server: string, rest: string) => `/docker/${segment(server)}${rest}`;
export const containerPath = (server: string, container: string, rest = "") =>
  path(server, `/containers/${segment(container)}${rest}`);

/** All containers of a server, as its engine knows them now. */
export function useContainers(server: string, enabled: boolean) {
  return useQuery({
    queryKey: ["docker", server, "containers"],
    queryFn: async ({ signal }) =>
      (await get<Page<ServerContainer>>(path(server, "/containers"), { all: true }, signal)).items,
    refetchInterval: LIVE_MS,
    enabled,
  });
}

/** What those that run use now. */
export function useContainerStats(server: string, enabled: boolean) {
  return useQuery({
    queryKey: ["docker", server, "stats"],
    queryFn: async ({ signal }) =>
      (await get<Page<ContainerStats>>(path(server, "/stats"), undefined, signal)).items,
    refetchInterval: LIVE_MS,
    enabled,
  });
}

export function useContainer(server: string, container: string) {
  return useQuery({
    queryKey: ["docker", server, "container", container],
    queryFn: ({ signal }) =>
      get<ContainerDetail>(containerPath(server, container), undefined, signal),
    refetchInterval: LIVE_MS,
  });
}

export function useContainerProcesses(server: string, container: string, enabled: boolean) {
  return useQuery({
    queryKey: ["docker", server, "top", container],
    queryFn: async ({ signal }) =>
      (
        await get<Page<ContainerProcess>>(
          containerPath(server, container, "/top"),
          undefined,
          signal,
        )
      ).items,
    refetchInterval: LIVE_MS,
    enabled,
  });
}

export function useChangeContainer(server: string, container: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (verb: ContainerVerb) =>
      post<ContainerChange>(containerPath(server, container, `/${verb}`)),
    onSettled: () => client.invalidateQueries({ queryKey: ["docker", server] }),
  });
}
