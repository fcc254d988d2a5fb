import { expect, it } from "vitest";
import type { ApiKey } from "@/api/types";
import { ahead, inOrder, stateOf } from "./keys";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const days = (count: number) => new Date(NOW + count * 86_400_000).toISOString();
const key = (id: string, expires: number | null, more: Partial<ApiKey> = {}) =>
  ({
    id,
    expires_at: expires === null ? null : days(expires),
    revoked_at: null,
    created_at: days(-30),
    ...more,
  }) as ApiKey;

it("says which keys can be used, and for how long", () => {
  expect(stateOf(key("a", null), NOW)).toBe("good");
  expect(stateOf(key("a", 15), NOW)).toBe("good");
  expect(stateOf(key("a", 13), NOW)).toBe("expires soon");
  expect(stateOf(key("a", -1), NOW)).toBe("expired");
  expect(stateOf(key("a", 15, { revoked_at: days(-1) }), NOW)).toBe("revoked");
});

it("puts keys that can be used first, the newest of them before the others", () => {
  const keys = [
    key("revoked", null, { revoked_at: days(-1), created_at: days(-1) }),
    key("old", null),
    key("new", 30, { created_at: days(-2) }),
  ];
  expect(inOrder(keys, NOW).map((one) => one.id)).toEqual(["new", "old", "revoked"]);
});

it("says times to come and times gone", () => {
  expect([days(3), days(-3), null].map((time) => ahead(time, NOW))).toEqual([
    "in 3d",
    "3d ago",
    "never",
  ]);
});
