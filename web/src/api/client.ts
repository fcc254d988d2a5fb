// The one Axios client. It shows the access token, renews the session when the token has ended, and
// turns every failure into a HubError.
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from "axios";
import { useSession } from "@/stores/session";
import { asHubError, HubError } from "./errors";
import type { Page, TokenPair } from "./types";

export const BASE = "/api/v1";
// Another site's page cannot send this header; the hub takes the cookie only beside it.
const CONSOLE = { "X-Chatops-Console": "1" };
const RENEW_BEFORE_MS = 60_000;

export const http = axios.create({ baseURL: BASE, timeout: 30_000 });
const bare = axios.create({ baseURL: BASE, timeout: 15_000, headers: CONSOLE });

interface Asked extends InternalAxiosRequestConfig {
  renewed?: boolean;
}

http.interceptors.request.use(async (config) => {
  config.headers.Authorization = `Bearer ${await accessToken()}`;
  return config;
});

http.interceptors.response.use(undefined, async (failure) => {
  const error = asHubError(failure);
  const config = (axios.isAxiosError(failure) ? failure.config : undefined) as Asked | undefined;
  if (error.status !== 401 || !config || config.renewed) throw error;
  await renew();
  return http.request({ ...config, renewed: true } as AxiosRequestConfig);
});

/** Sign in; the refresh token goes into a cookie that no script can read. */
export async function signIn(username: string, password: string): Promise<void> {
  keep(await send<TokenPair>("/auth/login", { username, password, cookie: true }));
}

export async function register(username: string, password: string): Promise<void> {
  await send("/auth/register", { username, password });
}

export async function signOut(): Promise<void> {
  try {
    await send("/auth/logout", {});
  } finally {
    useSession.getState().end();
  }
}

/** A token that holds for a while yet, renewed if need be. Throws HubError `not_signed_in`. */
export async function accessToken(): Promise<string> {
  const { token, until } = useSession.getState();
  if (token && until - Date.now() > RENEW_BEFORE_MS) return token;
  return renew();
}

let renewing: Promise<string> | null = null;

/** Renew the session by its cookie. A token works once, so tabs take turns. */
export function renew(): Promise<string> {
  renewing ??= inTurn(async () => keep(await send<TokenPair>("/auth/refresh", {})))
    .catch((error: HubError) => {
      if (error.code === "not_signed_in") useSession.getState().end();
      throw error;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  // Browsers have locks only where pages are safe: HTTPS and this machine.
  return navigator.locks ? navigator.locks.request("chatops-session", work) : work();
}

function keep(pair: TokenPair): string {
  useSession.getState().begin(pair.access_token, Date.now() + pair.expires_in * 1000);
  return pair.access_token;
}

async function send<T>(path: string, body: unknown): Promise<T> {
  try {
    return (await bare.post<T>(path, body)).data;
  } catch (error) {
    throw asHubError(error);
  }
}

export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return (
    await http.get<T>(path, {
      ...(params && { params: search(params) }),
      ...(signal && { signal }),
    })
  ).data;
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return (await http.post<T>(path, body)).data;
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  return (await http.put<T>(path, body)).data;
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return (await http.patch<T>(path, body)).data;
}

export async function remove<T = void>(path: string, params?: Params): Promise<T> {
  return (await http.delete<T>(path, params ? { params: search(params) } : {})).data;
}

export type Params = Record<string, string | number | boolean | string[] | null | undefined>;

/** A query as the hub reads it: a list is the same name again and again. */
function search(params: Params): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query;
}

/** All pages of a list, up to `most` items. */
export async function all<T>(path: string, params: Params = {}, most = 5000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<T> = await get<Page<T>>(path, { limit: 1000, ...params, cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < most);
  return items;
}

/** A part of a path, safe whatever the name is. */
export const segment = encodeURIComponent;

export { HubError };
