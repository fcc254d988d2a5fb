import { Page } from "@/parts/Page";
import { CommandHistory } from "./CommandHistory";

/** The commands of all servers that one may see. */
export function Component() {
  return (
    <Page title="Commands">
      <CommandHistory />
    </Page>
  );
}
