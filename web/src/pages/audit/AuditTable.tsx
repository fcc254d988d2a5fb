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

const word = (text: string | null) => (text === null ? "–" : visible(text));

/** On a phone who did it and on what stand below what was done. */
export function AuditTable({ records, open }: Props) {
  return (
    <Table aria-label="Audit records">
      <thead>
        <tr>
          <Th>Time</Th>
          <Th className="max-md:hidden">User</Th>
          <Th>Action</Th>
          <Th className="max-md:hidden">Target</Th>
          <Th>Outcome</Th>
          <Th className="max-md:hidden">From</Th>
          <Th>Record</Th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr key={record.id}>
            <Td className="min-w-24 tabular-nums md:whitespace-nowrap">
              <time dateTime={record.ts}>{clock(record.ts)}</time>
            </Td>
            <Td className="max-md:hidden">{word(record.user)}</Td>
            <Td>
              <span className="font-mono text-xs leading-5">{record.action}</span>
              <span className="block text-xs wrap-anywhere text-faint md:hidden">
                {[record.target, record.user]
                  .filter((one) => one !== null)
                  .map(visible)
                  .join(", by ")}
              </span>
            </Td>
            <Td className="max-w-72 min-w-32 wrap-anywhere max-md:hidden">{word(record.target)}</Td>
            <Td>
              <Badge tone={tone(record.outcome)}>{record.outcome}</Badge>
            </Td>
            <Td className="whitespace-nowrap tabular-nums max-md:hidden">
              {record.address ?? "–"}
            </Td>
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
