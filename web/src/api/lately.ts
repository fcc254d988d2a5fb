// The newest of what happened on one server, for its overview.
import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { Alert, CommandRecord, HubEvent, Page } from "./types";

const FEW = 6;

export function useOpenAlerts(server: string) {
  return useQuery({
    queryKey: ["alerts", "open", server],
    queryFn: async ({ signal }) => {
      const params = { server, state: ["firing", "acknowledged"], limit: 100 };
      return (await get<Page<Alert>>("/alerts", params, signal)).items;
    },
  });
}

export function useLatestCommands(server: string) {
  return useQuery({
    queryKey: ["commands", "latest", server],
    queryFn: async ({ signal }) =>
      (await get<Page<CommandRecord>>("/commands", { server, limit: FEW }, signal)).items,
  });
}

export function useLatestEvents(server: string) {
  return useQuery({
    queryKey: ["events", "latest", server],
    queryFn: async ({ signal }) =>
      (await get<Page<HubEvent>>("/events", { server, limit: FEW }, signal)).items,
  });
}
