import { useThisServer } from "@/pages/server/context";
import { CommandHistory } from "./CommandHistory";

/** The commands of one server. */
export function Component() {
  return <CommandHistory server={useThisServer().name} />;
}
