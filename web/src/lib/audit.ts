import type { AuditRecord, AuditVerdict } from "@/api/types";
import { clock } from "./format";
import { visible, visibleLines } from "./text";

/** All of a record, as text. */
export function recordText(record: AuditRecord): string {
  return visibleLines(JSON.stringify(record, null, 2));
}

/** What the check found, in sentences. */
export function verdictText(verdict: AuditVerdict): string[] {
  const { ok, records, first_ts, last_id, last_ts, pruned_through, anchor_id } = verdict;
  const span =
    first_ts && last_ts ? `, from ${clock(first_ts)} to ${clock(last_ts)} (record ${last_id})` : "";
  return [
    ok
      ? `The trail holds: ${records} records are right${span}.`
      : `The trail does not hold: ${fault(verdict)} ${records} records before that are right.`,
    ...(pruned_through === null
      ? []
      : [`Records up to ${pruned_through} were removed as too old.`]),
    ...(anchor_id === null ? [] : [`The head anchor knows record ${anchor_id}.`]),
    ...verdict.warnings.map(visible),
  ];
}

function fault({ fault_id, missing_through, reason }: AuditVerdict): string {
  const which =
    fault_id === null
      ? "it cannot be read"
      : missing_through === null
        ? `record ${fault_id} is wrong`
        : `records ${fault_id} to ${missing_through} are missing`;
  return `${which}${reason ? ` (${visible(reason)})` : ""}.`;
}
