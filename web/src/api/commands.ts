import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { open } from "@/lib/runs/outcome";
import { parseMoment } from "@/lib/units";
import { get, post, segment } from "./client";
import { asHubError, mayPass } from "./errors";
import type {
  CommandCreate,
  CommandRecord,
  Page,
  Recording,
  Run,
  RunPlan,
  RunStarted,
} from "./types";

const OPEN_MS = 3_000;
const PAGE = 100;

export interface HistoryFilters {
  server: string;
  user: string;
  /** A duration ago, as the CLI's --since has it. */
  since: string;
}

export interface CommandFilters extends HistoryFilters {
  status: string;
}

/** A history list, newest first, page after page. */
function useHistory<T>(path: string, filters: HistoryFilters) {
  return useInfiniteQuery({
    queryKey: [path.slice(1), filters],
    queryFn: ({ pageParam, signal }) => {
      const since = filters.since && parseMoment(filters.since, Date.now());
      const asked = { ...filters, since, limit: PAGE, cursor: pageParam };
      return get<Page<T>>(path, asked, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    select: ({ pages }) => pages.flatMap((page) => page.items),
    refetchInterval: 5_000,
    placeholderData: (before) => before,
  });
}

export const useCommands = (filters: CommandFilters) =>
  useHistory<CommandRecord>("/commands", filters);

export const useRecordings = (filters: HistoryFilters) =>
  useHistory<Recording>("/recordings", filters);

export function useCommand(id: string) {
  return useQuery({
    queryKey: ["commands", "one", id],
    queryFn: ({ signal }) => get<CommandRecord>(`/commands/${segment(id)}`, undefined, signal),
    refetchInterval: ({ state }) => (state.data && !open(state.data.status) ? 30_000 : OPEN_MS),
  });
}

export function useRun(id: string) {
  return useQuery({
    queryKey: ["runs", id],
    queryFn: ({ signal }) => get<Run>(`/runs/${segment(id)}`, undefined, signal),
    refetchInterval: ({ state }) => (state.data?.finished_at ? 30_000 : OPEN_MS),
  });
}

export function useRecording(id: string) {
  return useQuery({
    queryKey: ["recordings", "one", id],
    queryFn: ({ signal }) => get<Recording>(`/recordings/${segment(id)}`, undefined, signal),
  });
}

function useHistoryMutation<V, R>(change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["commands"] }),
        client.invalidateQueries({ queryKey: ["runs"] }),
      ]),
  });
}

export const useCancelCommand = (id: string) =>
  useHistoryMutation(() => post<CommandRecord>(`/commands/${segment(id)}/cancel`));

export const useCancelRun = (id: string) =>
  useHistoryMutation(() => post<Run>(`/runs/${segment(id)}/cancel`));

export type RunAsked = Partial<CommandCreate> & Pick<CommandCreate, "target" | "command">;

/** The servers that a run would go to. Nothing is run. */
export const plan = (asked: RunAsked) => post<RunPlan>("/commands", { ...asked, dry_run: true });

const RECOVERY_MS = 60_000;

/**
 * Start a run. `idempotency_key` names it: it is asked for again when the answer was lost, and runs
 * once all the same.
 */
export function useStartRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (asked: RunAsked & { idempotency_key: string }) => start(asked),
    onSuccess: () => client.invalidateQueries({ queryKey: ["commands"] }),
  });
}

async function start(asked: RunAsked & { idempotency_key: string }): Promise<RunStarted> {
  const until = Date.now() + RECOVERY_MS;
  for (let wait = 500; ; wait = Math.min(2 * wait, 5_000)) {
    try {
      return await post<RunStarted>("/commands", { ...asked, mode: "detach" });
    } catch (error) {
      if (!mayPass(asHubError(error)) || Date.now() > until) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}
