import { atLeast } from "@/lib/roles";
import { useThisServer } from "@/pages/server/context";
import { Nothing } from "@/parts/Loaded";
import { LiveTerminal } from "./LiveTerminal";
import { StartTerminal } from "./StartTerminal";
import { useTerminals } from "./sessions";

/** The terminal of this window on a server, or the way to open one. */
export function Component() {
  const server = useThisServer();
  const session = useTerminals(({ sessions }) => sessions[server.id]);
  if (!atLeast(server.role, "operator")) {
    return <Nothing>Terminals are for operators, and you may only look at this server.</Nothing>;
  }
  return session ? (
    <LiveTerminal key={server.id} server={server} session={session} />
  ) : (
    <StartTerminal server={server} />
  );
}
