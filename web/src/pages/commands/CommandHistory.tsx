import { type HistoryFilters as Filters, useCommands } from "@/api/commands";
import type { CommandRecord } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { STATUSES, statusWord } from "@/lib/runs/outcome";
import { useFilters } from "@/lib/useFilters";
import { CliCommand } from "@/parts/CliCommand";
import { HistoryFilters } from "@/parts/HistoryFilters";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Older } from "@/parts/Older";
import { Select } from "@/ui/field";
import { CommandTable } from "./CommandTable";

const USUAL = { server: "", user: "", since: "", status: "" };

/** Commands, newest first: of one server, or with a choice of servers. */
export function CommandHistory({ server }: { server?: string }) {
  const [chosen, change] = useFilters(USUAL);
  const filters: Filters = {
    server: server ?? chosen.server,
    user: chosen.user,
    since: chosen.since,
  };
  const commands = useCommands(filters);
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <HistoryFilters filters={filters} change={change} fixed={server !== undefined} />
        <Select
          aria-label="State"
          className="w-36"
          value={chosen.status}
          onChange={(event) => change({ status: event.target.value })}
        >
          <option value="">any state</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {statusWord(status)}
            </option>
          ))}
        </Select>
        <div className="max-w-full md:ml-auto">
          <CliCommand command={commandCommands.list(filters)} />
        </div>
      </div>
      <Loaded query={commands} empty={<p>No commands were run, or none like that.</p>}>
        {(all) => <Matching all={all} status={chosen.status} server={server} />}
      </Loaded>
      <Older query={commands} />
    </>
  );
}

interface MatchingProps {
  all: CommandRecord[];
  status: string;
  server: string | undefined;
}

/** The hub does not choose by state: what was loaded is looked through here. */
function Matching({ all, status, server }: MatchingProps) {
  const commands = status ? all.filter((one) => one.status === status) : all;
  if (commands.length === 0) {
    return <Nothing>None of the {all.length} newest commands is like that.</Nothing>;
  }
  return <CommandTable commands={commands} servers={server === undefined} />;
}
