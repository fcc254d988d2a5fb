import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMe } from "./auth";
import { all, get, patch, post, put, remove, segment } from "./client";
import type { Page, Role, Server, ServerCreated, ServerDetail, Share } from "./types";

export const serverPath = (server: string, rest = "") => `/servers/${segment(server)}${rest}`;

export function useServers() {
  return useQuery({
    queryKey: ["servers"],
    queryFn: () => all<Server>("/servers"),
    refetchInterval: 5_000,
  });
}

export function useServer(server: string) {
  return useQuery({
    queryKey: ["servers", server],
    queryFn: ({ signal }) => get<ServerDetail>(serverPath(server), undefined, signal),
    refetchInterval: 5_000,
  });
}

/** What I may do on a server, at most: asked for only where it is not plain from the account. */
export function useRoleOn(server: string | null): Role | null | undefined {
  const me = useMe().data?.role;
  const detail = useQuery({
    queryKey: ["servers", server, "role"],
    queryFn: () => get<ServerDetail>(serverPath(server ?? "")),
    enabled: me === "operator" && server !== null,
    staleTime: 60_000,
    refetchInterval: 60_000,
  });
  return me === "operator" && server !== null ? detail.data?.role : me;
}

export function useShares(server: string, enabled = true) {
  return useQuery({
    queryKey: ["servers", server, "shares"],
    // Not paged: an account has at most one.
    queryFn: async ({ signal }) =>
      (await get<Page<Share>>(serverPath(server, "/shares"), undefined, signal)).items,
    enabled,
  });
}

function useServersMutation<V, R>(change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => client.invalidateQueries({ queryKey: ["servers"] }),
  });
}

export const useAddServer = () =>
  useServersMutation((body: { name: string; tags: Record<string, string>; key: boolean }) =>
    post<ServerCreated>("/servers", body),
  );

export const useUpdateServer = (server: string) =>
  useServersMutation((body: { name?: string; tags?: Record<string, string | null> }) =>
    patch<Server>(serverPath(server), body),
  );

export const useRemoveServer = (server: string) =>
  useServersMutation(() => remove(serverPath(server)));

export const useShare = (server: string) =>
  useServersMutation((body: { user: string; role: "viewer" | "operator" }) =>
    put<Share>(serverPath(server, "/shares"), body),
  );

export const useUnshare = (server: string) =>
  useServersMutation((user: string) => remove(serverPath(server, `/shares/${segment(user)}`)));
