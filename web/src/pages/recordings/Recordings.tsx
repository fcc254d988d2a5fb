import { Play } from "lucide-react";
import { Link } from "react-router";
import { useRecordings } from "@/api/commands";
import type { Recording } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { bytes, clock, duration } from "@/lib/format";
import { commandText } from "@/lib/runs/outcome";
import { visible } from "@/lib/text";
import { useFilters } from "@/lib/useFilters";
import { CliCommand, CopyButton } from "@/parts/CliCommand";
import { HistoryFilters } from "@/parts/HistoryFilters";
import { Loaded } from "@/parts/Loaded";
import { Older } from "@/parts/Older";
import { OperatorsOnly } from "@/parts/OperatorsOnly";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";

const USUAL = { server: "", user: "", since: "" };

export function Component() {
  return (
    <Page title="Recordings">
      <OperatorsOnly what="What was printed at terminals">
        <List />
      </OperatorsOnly>
    </Page>
  );
}

/** What was printed at terminals, newest first. */
function List() {
  const [filters, change] = useFilters(USUAL);
  const recordings = useRecordings(filters);
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <HistoryFilters filters={filters} change={change} />
        <div className="max-w-full md:ml-auto">
          <CliCommand command={commandCommands.recordings(filters)} />
        </div>
      </div>
      <Loaded query={recordings} empty={<p>No terminal was opened, or none like that.</p>}>
        {(all) => (
          <Table aria-label="Recordings">
            <thead>
              <tr>
                <Th>Begun</Th>
                <Th>Command</Th>
                <Th>Server</Th>
                <Th className="max-md:hidden">User</Th>
                <Th className="max-md:hidden">Length</Th>
                <Th className="text-right max-md:hidden">Size</Th>
                <Th>
                  <span className="sr-only">Actions</span>
                </Th>
              </tr>
            </thead>
            <tbody>
              {all.map((one) => (
                <Row key={one.id} recording={one} />
              ))}
            </tbody>
          </Table>
        )}
      </Loaded>
      <Older query={recordings} />
    </>
  );
}

function Row({ recording }: { recording: Recording }) {
  const text = visible(commandText(recording.command));
  const begun = clock(recording.started_at);
  return (
    <tr className="hover:bg-card">
      <Td className="tabular-nums md:whitespace-nowrap">{begun}</Td>
      <Td className="w-full max-w-0 min-w-24 truncate font-mono text-xs leading-5" title={text}>
        {text}
      </Td>
      <Td>{recording.server}</Td>
      <Td className="max-md:hidden">{recording.user ?? "–"}</Td>
      <Td className="whitespace-nowrap tabular-nums max-md:hidden">
        {recording.duration_s === null ? "goes on" : duration(recording.duration_s)}
      </Td>
      <Td className="text-right whitespace-nowrap tabular-nums max-md:hidden">
        {bytes(recording.size)}
      </Td>
      <Td>
        <span className="flex items-center justify-end gap-1">
          <Button asChild size="small">
            <Link
              to={`/recordings/${encodeURIComponent(recording.id)}`}
              aria-label={`Play ${text} on ${recording.server}, ${begun}`}
            >
              <Play /> Play
            </Link>
          </Button>
          <span className="max-md:hidden">
            <CopyButton
              text={commandCommands.play(recording.id, 1, null)}
              label="Copy the command that plays it"
            />
          </span>
        </span>
      </Td>
    </tr>
  );
}
