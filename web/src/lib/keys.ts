import type { ApiKey } from "@/api/types";
import { duration } from "./format";

export type KeyState = "good" | "expires soon" | "expired" | "revoked";

/** As in the hub's own warnings. */
const SOON_MS = 14 * 86_400_000;

export function stateOf(key: ApiKey, now: number): KeyState {
  if (key.revoked_at) return "revoked";
  if (!key.expires_at) return "good";
  const left = Date.parse(key.expires_at) - now;
  if (left <= 0) return "expired";
  return left < SOON_MS ? "expires soon" : "good";
}

/** Those that can be used first, then the newest. */
export function inOrder(keys: readonly ApiKey[], now: number): ApiKey[] {
  const dead = (key: ApiKey) => Number(["revoked", "expired"].includes(stateOf(key, now)));
  return [...keys].sort(
    (one, other) =>
      dead(one) - dead(other) || Date.parse(other.created_at) - Date.parse(one.created_at),
  );
}

/** `in 3d`, `2h ago`, `never`. */
export function ahead(time: string | null, now: number): string {
  if (!time) return "never";
  const left = (Date.parse(time) - now) / 1000;
  return left > 0 ? `in ${duration(left)}` : `${duration(-left)} ago`;
}
