import type { ServerDetail } from "@/api/types";
import { atLeast } from "../roles";

type Known = Pick<ServerDetail, "name" | "role" | "allow" | "docker">;

/** Why one may run nothing in a server's containers, as far as is known; null where one may. */
export function entering({ name, role, allow, docker }: Known): string | null {
  if (!atLeast(role, "operator")) {
    return "Terminals are for operators, and you may only look at this server.";
  }
  if (allow && !allow.includes("docker")) {
    return `The agent of ${name} was not started with --allow docker.`;
  }
  if (docker && docker.mode !== "full") return `The policy of ${name} only lets one look.`;
  if (docker && !docker.exec) return `The policy of ${name} forbids commands in containers.`;
  return null;
}
