import { LiveTerminal } from "./LiveTerminal";
import { keyOf, type Place } from "./place";
import { StartTerminal } from "./StartTerminal";
import { useTerminals } from "./sessions";

/** The terminal of this window at a place, or the way to open one. */
export function TerminalAt({ place }: { place: Place }) {
  const key = keyOf(place);
  const session = useTerminals(({ sessions }) => sessions[key]);
  return session ? (
    <LiveTerminal key={key} place={place} session={session} />
  ) : (
    <StartTerminal key={key} place={place} />
  );
}
