import type { ServerDetail } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { containerCommands } from "@/lib/commands/containers";

/** Where a terminal is: on a server, or in one of its containers. */
export interface Place {
  server: ServerDetail;
  container: string | null;
}

/** Names a place, whatever its server is called meanwhile. */
export const keyOf = ({ server, container }: Place) =>
  container === null ? server.id : `${server.id}/${container}`;

/** The command that opens the same terminal. */
export const commandAt = ({ server, container }: Place, command: string | null) =>
  container === null
    ? commandCommands.shell(server.name, command)
    : containerCommands.exec(server.name, container, command);
