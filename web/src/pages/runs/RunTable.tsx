import { memo, useState } from "react";
import { Link } from "react-router";
import { commandCommands } from "@/lib/commands/commands";
import { took } from "@/lib/format";
import type { RunRow } from "@/lib/runs/rows";
import { visible } from "@/lib/text";
import { CopyButton } from "@/parts/CliCommand";
import { Outcome } from "@/parts/Outcome";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";

interface Props {
  rows: RunRow[];
  /** Whether one may see what was printed. */
  output: boolean;
}

/** So many servers are shown before somebody asks for all. */
const SHOWN = 200;

export function RunTable({ rows, output }: Props) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN);
  return (
    <>
      <Table aria-label="Servers of this run">
        <thead>
          <tr>
            <Th>Server</Th>
            <Th>Outcome</Th>
            <Th className="max-md:hidden">Took</Th>
            {output && <Th className="w-1/2">Last lines</Th>}
            <Th className="max-md:hidden">
              <span className="sr-only">Equivalent command</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <Row key={row.id} row={row} output={output} printed={row.last.join("\n")} />
          ))}
        </tbody>
      </Table>
      {shown.length < rows.length && (
        <Button className="justify-self-center" onClick={() => setAll(true)}>
          Show all {rows.length} servers
        </Button>
      )}
    </>
  );
}

interface RowProps {
  row: RunRow;
  output: boolean;
  printed: string;
}

/** Drawn again only when something of it changed: a run may have thousands. */
const Row = memo(
  function Row({ row, output }: RowProps) {
    return (
      <tr className="hover:bg-card">
        <Td>
          <Link
            className="font-medium hover:underline"
            to={`/commands/${encodeURIComponent(row.id)}`}
            aria-label={`${row.server}: all of its output`}
          >
            {row.server}
          </Link>
        </Td>
        <Td>
          <Outcome ended={row} />
        </Td>
        <Td className="whitespace-nowrap tabular-nums max-md:hidden">
          {row.duration_ms === null ? "–" : took(row.duration_ms)}
        </Td>
        {output && (
          <Td className="max-w-0 min-w-40 font-mono text-xs">
            {row.last.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
              <span key={index} className="block truncate" title={visible(line)}>
                {visible(line)}
              </span>
            ))}
          </Td>
        )}
        <Td className="max-md:hidden">
          <CopyButton
            text={commandCommands.output(row.id)}
            label={`Copy the command for the output of ${row.server}`}
          />
        </Td>
      </tr>
    );
  },
  (before, after) =>
    before.printed === after.printed &&
    before.output === after.output &&
    before.row.status === after.row.status &&
    before.row.error === after.row.error &&
    before.row.duration_ms === after.row.duration_ms,
);
