import type { Me, Role, Server } from "@/api/types";

const ORDER: Role[] = ["viewer", "operator", "admin"];

/**
 * Whether a role may do what `needed` may do. The hub decides; the page only does not offer. On a
 * server its `role` counts: it may be shared for less than what the account is.
 */
export function atLeast(role: Role | null | undefined, needed: Role): boolean {
  return !!role && ORDER.indexOf(role) >= ORDER.indexOf(needed);
}

/**
 * Whether somebody may change the server itself: its name, tags, shares and keys, and its end.
 * These are for its owner and for administrators, whatever a share says.
 */
export function mayManage(me: Me | undefined, server: Pick<Server, "owner">): boolean {
  if (!me || !atLeast(me.role, "operator")) return false;
  return me.role === "admin" || me.name === server.owner;
}
