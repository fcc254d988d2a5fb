import { useThisServer } from "@/pages/server/context";
import { AlertList } from "@/parts/AlertList";

export function Component() {
  const server = useThisServer();
  return <AlertList server={server.name} />;
}
