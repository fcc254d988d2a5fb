import { useState } from "react";
import { useAudit } from "@/api/audit";
import { useMe } from "@/api/auth";
import type { AuditRecord } from "@/api/types";
import { auditCommands } from "@/lib/commands/audit";
import { atLeast } from "@/lib/roles";
import { useFilters } from "@/lib/useFilters";
import { useSpan } from "@/lib/useSpan";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Older } from "@/parts/Older";
import { Page } from "@/parts/Page";
import { AuditFilters, USUAL } from "./AuditFilters";
import { AuditTable } from "./AuditTable";
import { RecordWindow } from "./RecordWindow";
import { Verify } from "./Verify";

export function Component() {
  const me = useMe();
  if (me.data && !atLeast(me.data.role, "admin")) {
    return (
      <Page title="Audit">
        <Nothing>Only administrators see this.</Nothing>
      </Page>
    );
  }
  return (
    <Page title="Audit">
      <Verify />
      <Trail />
    </Page>
  );
}

function Trail() {
  const [filter, change] = useFilters(USUAL);
  const span = useSpan(filter.since, filter.until);
  const records = useAudit({ ...filter, ...span.asked }, span.wrong === undefined);
  const [open, setOpen] = useState<AuditRecord | null>(null);
  return (
    <>
      <AuditFilters filter={filter} change={change} wrong={span.wrong} />
      <CliCommand command={auditCommands.list(filter)} />
      <Loaded query={records} empty={<p>No record is like that.</p>}>
        {(found) => (
          <div className="grid grid-cols-1 gap-3">
            <p role="status" className="text-sm text-faint">
              the newest {found.length} records{records.hasNextPage ? "" : ", which are all"}
            </p>
            <AuditTable records={found} open={setOpen} />
            <Older query={records} />
          </div>
        )}
      </Loaded>
      {open && <RecordWindow record={open} onClose={() => setOpen(null)} />}
    </>
  );
}
