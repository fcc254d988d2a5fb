import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { all, get, type Params, patch, post, put, remove, segment } from "./client";
import type {
  Channel,
  ChannelDetail,
  Delivery,
  Page,
  Role,
  Setting,
  Status,
  Token,
  TokenCreated,
  User,
} from "./types";

function useChange<V, R>(key: string, change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => client.invalidateQueries({ queryKey: [key] }),
  });
}

/** One's own tokens, or as an administrator another user's. */
export function useTokens(user: string) {
  return useQuery({ queryKey: ["tokens", user], queryFn: () => all<Token>("/tokens", { user }) });
}

interface TokenCreate {
  name: string;
  role: "viewer" | "operator";
  servers: string | null;
  expires_in: number | null;
}

export const useCreateToken = () =>
  useChange("tokens", (token: TokenCreate) => post<TokenCreated>("/tokens", token));

export const useRevokeToken = () =>
  useChange("tokens", (id: string) => remove<Token>(`/tokens/${segment(id)}`));

export function useUsers() {
  return useQuery({ queryKey: ["users"], queryFn: () => all<User>("/users") });
}

export const useCreateUser = () =>
  useChange("users", (user: { name: string; password: string; role: Role }) =>
    post<User>("/users", user),
  );

interface UserUpdate {
  role?: Role;
  disabled?: boolean;
  password?: string;
}

export const useUpdateUser = (id: string) =>
  useChange("users", (change: UserUpdate) => patch<User>(`/users/${segment(id)}`, change));

export const useDeleteUser = (id: string) =>
  useChange("users", (to: string) => remove(`/users/${segment(id)}`, { reassign_to: to }));

export function useChannels() {
  return useQuery({ queryKey: ["channels"], queryFn: () => all<Channel>("/channels") });
}

const channelPath = (name: string, rest = "") => `/channels/${segment(name)}${rest}`;

export function useChannel(name: string) {
  return useQuery({
    queryKey: ["channels", name],
    queryFn: ({ signal }) => get<ChannelDetail>(channelPath(name), undefined, signal),
  });
}

/** The newest attempts to deliver. */
export function useDeliveries(name: string) {
  return useQuery({
    queryKey: ["channels", name, "log"],
    queryFn: async ({ signal }) =>
      (await get<Page<Delivery>>(channelPath(name, "/log"), { limit: 100 }, signal)).items,
  });
}

export const useAddChannel = () =>
  useChange("channels", (channel: Params) => post<ChannelDetail>("/channels", channel));

export const useTestChannel = (name: string) =>
  useChange("channels", () => post<Delivery>(channelPath(name, "/test")));

export const useRemoveChannel = (name: string) =>
  useChange("channels", () => remove(channelPath(name)));

export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: async ({ signal }) => (await get<Page<Setting>>("/settings", undefined, signal)).items,
  });
}

export const useSetSetting = (key: string) =>
  useChange("settings", (value: string) => put<Setting>(`/settings/${segment(key)}`, { value }));

export const useResetSetting = (key: string) =>
  useChange("settings", () => remove<Setting>(`/settings/${segment(key)}`));

export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => get<Status>("/status", undefined, signal),
  });
}
