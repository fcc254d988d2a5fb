import { serverCommands } from "@/lib/commands/servers";
import { CliCommand } from "@/parts/CliCommand";
import { useThisServer } from "../context";

export function Component() {
  const server = useThisServer();
  return <CliCommand command={serverCommands.show(server.name)} />;
}
