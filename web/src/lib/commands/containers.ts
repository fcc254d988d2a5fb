import type { ContainerVerb } from "@/lib/containers/list";
import { chatops } from "./chatops";

export const containerCommands = {
  ps: (server: string) => chatops("docker", "ps", server, "-a"),
  inspect: (server: string, container: string) => chatops("docker", "inspect", server, container),
  top: (server: string, container: string) => chatops("docker", "top", server, container),
  logs: (server: string, container: string) => chatops("docker", "logs", server, container, "-f"),
  /** At a terminal. */
  exec: (server: string, container: string, command: string | null) =>
    chatops("docker", "exec", "-it", server, container, command ?? "COMMAND"),
  change: (server: string, container: string, verb: ContainerVerb) =>
    chatops("docker", verb, server, container, verb === "rm" && "--yes"),
};
