import { atLeast } from "@/lib/roles";
import { useThisServer } from "@/pages/server/context";
import { Nothing } from "@/parts/Loaded";
import { NotAllowed } from "@/parts/NotAllowed";
import { TerminalAt } from "./TerminalAt";

export function Component() {
  const server = useThisServer();
  if (!atLeast(server.role, "operator")) {
    return <Nothing>Terminals are for operators, and you may only look at this server.</Nothing>;
  }
  if (server.allow && !server.allow.includes("shell")) {
    return <NotAllowed server={server} what="shell" so="it opens no terminals" />;
  }
  return <TerminalAt place={{ server, container: null }} />;
}
