import { Page } from "@/parts/Page";
import { LogView } from "./LogView";

export function Component() {
  return (
    <Page title="Logs">
      <LogView />
    </Page>
  );
}
