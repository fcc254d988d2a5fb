import { keyOf, type Place } from "./place";
import { useTerminals } from "./sessions";

/** Open a terminal at a place in this window, instead of the one before. */
export async function openTerminal(place: Place, command: string | null): Promise<void> {
  const { TerminalSession } = await import("./session");
  const session = new TerminalSession(place.server.name, command, place.container);
  useTerminals.getState().put(keyOf(place), session);
}
