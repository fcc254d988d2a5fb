// The one Axios client. It shows the access token, renews the session when the token has ended, and
// turns every failure into a HubError.
import axios, {
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from "axios";
import { userOf } from "@/lib/token";
import { lookForHub } from "@/stores/reach";
import { useSession } from "@/stores/session";
import { asHubError, HubError } from "./errors";
import type { Page, TokenPair } from "./types";

export const BASE = "/api/v1";
// Another site's page cannot send this header; the hub takes the cookie only beside it.
const CONSOLE = { "X-Chatops-Console": "1" };
const RENEW_BEFORE_MS = 60_000;
const SLOW_MS = 3_000;

export const http = axios.create({ baseURL: BASE, timeout: 30_000 });
const bare = axios.create({ baseURL: BASE, timeout: 15_000, headers: CONSOLE });

interface Asked extends InternalAxiosRequestConfig {
  renewed?: boolean;
  /** Looks whether the hub is there at all, unless the answer comes first. */
  slow?: ReturnType<typeof setTimeout>;
}

http.interceptors.request.use(async (config: Asked) => {
  config.headers.Authorization = `Bearer ${await accessToken()}`;
  config.slow = setTimeout(() => void lookForHub(), SLOW_MS);
  return config;
});

const answered = (answer: AxiosResponse) => {
  clearTimeout((answer.config as Asked).slow);
  return answer;
};

http.interceptors.response.use(answered, async (failure) => {
  const error = failed(failure);
  const config = (axios.isAxiosError(failure) ? failure.config : undefined) as Asked | undefined;
  clearTimeout(config?.slow);
  if (error.status !== 401 || !config || config.renewed) throw error;
  await renew();
  return http.request({ ...config, renewed: true } as AxiosRequestConfig);
});

/** Sign in; the refresh token goes into a cookie that no script can read. */
export async function signIn(username: string, password: string): Promise<void> {
  const asked = { username, password, cookie: true };
  await inTurn(async () => keep(await send<TokenPair>("/auth/login", asked)));
  tabs.postMessage("in");
}

export async function register(username: string, password: string): Promise<void> {
  await send("/auth/register", { username, password });
}

/**
 * Sign out, here and in the other tabs, which have the same cookie. Throws HubError where the hub
 * could not be told: the cookie is good then, and signs in again when a page is loaded.
 */
export async function signOut(): Promise<void> {
  const { end } = useSession.getState();
  end();
  try {
    await inTurn(() => send("/auth/logout", {}));
  } finally {
    end(); // it may have been renewed before our turn came
    tabs.postMessage("out");
  }
}

/** A token that holds for a while yet, renewed if need be. Throws HubError `not_signed_in`. */
export async function accessToken(): Promise<string> {
  const { token, until } = useSession.getState();
  if (token && until - Date.now() > RENEW_BEFORE_MS) return token;
  return renew();
}

let renewing: Promise<string> | null = null;

/** Renew the session by its cookie. */
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

let turn: Promise<unknown> = Promise.resolve();

/**
 * What changes the cookie is done one after the other: a token works once, and a session that is
 * renewed while somebody signs out must not be there again afterwards. Tabs take turns, too, where
 * browsers have locks for them: at HTTPS and on this machine.
 */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const locked = async (): Promise<T> =>
    navigator.locks ? navigator.locks.request("chatops-session", work) : work();
  const mine = turn.then(locked);
  turn = mine.catch(() => undefined);
  return mine;
}

function keep(pair: TokenPair): string {
  const user = userOf(pair.access_token);
  const { user: before, begin, end } = useSession.getState();
  if (before !== null && before !== user) {
    // Another account signed in, in another tab: nothing of the one before may stay in this page.
    end();
    window.location.reload();
    throw new HubError("not_signed_in", "another account has signed in");
  }
  begin(user, pair.access_token, Date.now() + pair.expires_in * 1000);
  return pair.access_token;
}

// The tabs of a browser share the cookie, so they are signed in and out together.
const tabs = new BroadcastChannel("chatops-session");
tabs.onmessage = ({ data }) => {
  if (data === "out") useSession.getState().end();
  else renew().catch(() => undefined);
};

async function send<T>(path: string, body: unknown): Promise<T> {
  try {
    return (await bare.post<T>(path, body)).data;
  } catch (error) {
    throw failed(error);
  }
}

/** A failure as an error; of one without an answer the page is told. */
function failed(failure: unknown): HubError {
  const error = asHubError(failure);
  if (error.code === "unreachable" && !axios.isCancel(failure)) void lookForHub();
  return error;
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
