import { useMe } from "@/api/auth";
import { atLeast } from "@/lib/roles";
import { useThisServer } from "@/pages/server/context";
import { Nothing } from "@/parts/Loaded";
import { LiveTerminal } from "./LiveTerminal";
import { StartTerminal } from "./StartTerminal";
import { useTerminals } from "./sessions";

/** The terminal of this window on a server, or the way to open one. */
export function Component() {
  const server = useThisServer();
  const me = useMe();
  const session = useTerminals(({ sessions }) => sessions[server.id]);
  if (me.data && !atLeast(me.data.role, "operator")) {
    return <Nothing>Terminals are for operators, and your account is a viewer.</Nothing>;
  }
  return session ? (
    <LiveTerminal key={server.id} server={server} session={session} />
  ) : (
    <StartTerminal server={server} />
  );
}
