import type { AuditRecord } from "@/api/types";
import { clock } from "@/lib/format";
import { visible } from "@/lib/text";
import { Badge, type Tone } from "@/ui/badge";
import { Table, Td, Th } from "@/ui/table";

interface Props {
  records: AuditRecord[];
  open: (record: AuditRecord) => void;
}

function tone(outcome: string): Tone {
  if (outcome === "ok" || outcome === "succeeded") return "good";
  return outcome === "sent" || outcome === "queued" ? "plain" : "bad";
}

export function AuditTable({ records, open }: Props) {
  return (
    <Table aria-label="Audit records">
      <thead>
        <tr>
          <Th>Time</Th>
          <Th>User</Th>
          <Th>Action</Th>
          <Th>Target</Th>
          <Th>Outcome</Th>
          <Th>From</Th>
          <Th>Record</Th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr key={record.id}>
            <Td className="whitespace-nowrap tabular-nums">{clock(record.ts)}</Td>
            <Td>{record.user === null ? "–" : visible(record.user)}</Td>
            <Td className="font-mono text-xs leading-5">{record.action}</Td>
            <Td className="max-w-72 min-w-32 wrap-anywhere">
              {record.target === null ? "–" : visible(record.target)}
            </Td>
            <Td>
              <Badge tone={tone(record.outcome)}>{record.outcome}</Badge>
            </Td>
            <Td className="whitespace-nowrap tabular-nums">{record.address ?? "–"}</Td>
            <Td>
              <button
                type="button"
                className="text-accent tabular-nums underline"
                aria-label={`Record ${record.id}`}
                onClick={() => open(record)}
              >
                {record.id}
              </button>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
