// The commands of the audit trail: docs/reference/cli.md.
import { chatops } from "./chatops";

export const auditCommands = {
  list: (filter: { user: string; action: string; since: string; until: string }) =>
    chatops(
      ...["audit", "list"],
      ...Object.entries(filter).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
    ),
  verify: () => chatops("audit", "verify"),
};
