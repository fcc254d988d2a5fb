// The commands of the audit trail: docs/reference/cli.md.
import { chatops } from "./chatops";

type AuditFilter = "user" | "action" | "target" | "outcome" | "since" | "until";

export const auditCommands = {
  /** The names of the filters are those of the options. */
  list: (filter: Record<AuditFilter, string>) =>
    chatops(
      ...["audit", "list"],
      ...Object.entries(filter).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
    ),
  verify: () => chatops("audit", "verify"),
};
