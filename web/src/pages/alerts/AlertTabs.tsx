import { SubPages } from "@/parts/SubPages";

/** What is wrong, what says so, and of what nobody is told. */
export const AlertTabs = () => (
  <SubPages
    label="About alerts"
    pages={[
      ["/alerts", "Alerts"],
      ["/alerts/rules", "Thresholds"],
      ["/alerts/silences", "Silences"],
    ]}
  />
);
