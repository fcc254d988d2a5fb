import { useThisServer } from "@/pages/server/context";
import { LogView } from "./LogView";

export function Component() {
  const server = useThisServer();
  return <LogView server={server.name} />;
}
