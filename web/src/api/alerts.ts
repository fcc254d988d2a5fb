import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { all, get, type Params, patch, post, remove, segment } from "./client";
import type {
  Alert,
  AlertDetail,
  Page,
  Replay,
  ServerSample,
  Silence,
  Threshold,
  ThresholdSet,
} from "./types";

/** So many alerts are shown at most; the filters find the others. */
export const MOST_ALERTS = 1000;

/**
 * Alerts newest first, those that are open before the resolved, so that none of a storm's hides one
 * that still fires. The fleet's socket (parts/FleetFeed) says when to ask again.
 */
export function useAlerts({ state, ...params }: Params & { state: Alert["state"][] }) {
  return useQuery({
    queryKey: ["alerts", "list", state, params],
    queryFn: () => openFirst(state, params),
    placeholderData: (before) => before,
  });
}

async function openFirst(states: Alert["state"][], params: Params): Promise<Alert[]> {
  const found: Alert[] = [];
  const open = states.filter((state) => state !== "resolved");
  for (const state of [open, states.filter((state) => state === "resolved")]) {
    const room = MOST_ALERTS - found.length;
    if (state.length && room > 0) {
      found.push(...(await all<Alert>("/alerts", { ...params, state }, room)));
    }
  }
  return found;
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ["alerts", "one", id],
    queryFn: ({ signal }) => get<AlertDetail>(`/alerts/${segment(id)}`, undefined, signal),
  });
}

function useChange<V, R>(key: string, change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => client.invalidateQueries({ queryKey: [key] }),
  });
}

export const useAckAlert = (id: string) =>
  useChange("alerts", (comment: string | null) =>
    post<Alert>(`/alerts/${segment(id)}/ack`, { comment }),
  );

export const useResolveAlert = (id: string) =>
  useChange("alerts", () => post<Alert>(`/alerts/${segment(id)}/resolve`));

export function useThresholds() {
  return useQuery({
    queryKey: ["thresholds"],
    queryFn: () => all<Threshold>("/alerts/thresholds"),
  });
}

export const useSetThreshold = () =>
  useChange("thresholds", (rule: ThresholdSet) => post<Threshold>("/alerts/thresholds", rule));

export const useSwitchThreshold = () =>
  useChange("thresholds", ({ rule, enabled }: { rule: string; enabled: boolean }) =>
    patch<Threshold>(`/alerts/thresholds/${segment(rule)}`, { enabled }),
  );

export const useRemoveThreshold = () =>
  useChange("thresholds", (rule: string) => remove(`/alerts/thresholds/${segment(rule)}`));

/** What a rule would have done. Asked for when somebody says so: it may take seconds. */
export function useReplay() {
  return useMutation({ mutationFn: (params: Params) => get<Replay>("/alerts/replay", params) });
}

/** A server's newest sample, for the names of its disks and cards. */
export function useSampleOf(server: string | undefined) {
  return useQuery({
    queryKey: ["servers", server, "sample"],
    queryFn: ({ signal }) =>
      get<ServerSample>(`/metrics/${segment(server ?? "")}`, undefined, signal),
    enabled: server !== undefined,
    refetchInterval: false,
    retry: false,
  });
}

export function useSilences() {
  return useQuery({
    queryKey: ["silences"],
    queryFn: async ({ signal }) => (await get<Page<Silence>>("/silences", undefined, signal)).items,
  });
}

interface SilenceCreate {
  target: string;
  for_s: number;
  metric: string | null;
  comment: string | null;
}

export const useAddSilence = () =>
  useChange("silences", (silence: SilenceCreate) => post<Silence>("/silences", silence));

export const useRemoveSilence = () =>
  useChange("silences", (id: string) => remove(`/silences/${segment(id)}`));
