// The newest of what happened on one server, for its overview.
import { useQuery } from "@tanstack/react-query";
import { all, get } from "./client";
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

/** Those that fired in the last so many seconds before `until` (null: now), and what is open. */
export function useAlertsSince(server: string, seconds: number, until: number | null) {
  return useQuery({
    queryKey: ["alerts", "since", server, seconds, until],
    queryFn: () => {
      const since = new Date(((until ?? Date.now() / 1000) - seconds) * 1000).toISOString();
      const state = ["firing", "acknowledged", "resolved"];
      // Newest first: those of a time long past come after all that fired since.
      return all<Alert>("/alerts", { server, state, since });
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
