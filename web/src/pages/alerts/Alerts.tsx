import { AlertList } from "@/parts/AlertList";
import { Page } from "@/parts/Page";
import { AlertTabs } from "./AlertTabs";

export function Component() {
  return (
    <Page title="Alerts">
      <AlertTabs />
      <AlertList />
    </Page>
  );
}
