import type { Role } from "@/api/types";

const ORDER: Role[] = ["viewer", "operator", "admin"];

/** Whether a role may do what `needed` may do. The hub decides; the page only does not offer. */
export function atLeast(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && ORDER.indexOf(role) >= ORDER.indexOf(needed);
}
