import type { ServerDetail } from "@/api/types";
import { useTerminals } from "./sessions";

/** Open a terminal on a server in this window, in place of the one before. */
export async function openTerminal(server: ServerDetail, command: string | null): Promise<void> {
  const { TerminalSession } = await import("./session");
  useTerminals.getState().put(server.id, new TerminalSession(server.name, command));
}
