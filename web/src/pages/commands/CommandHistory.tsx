import { useCommands } from "@/api/commands";
import { commandCommands } from "@/lib/commands/commands";
import { STATUSES, statusWord } from "@/lib/runs/outcome";
import { useFilters } from "@/lib/useFilters";
import { OneOf, type Option } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { HistoryFilters } from "@/parts/HistoryFilters";
import { Loaded } from "@/parts/Loaded";
import { Older } from "@/parts/Older";
import { CommandTable } from "./CommandTable";

const STATES: Option[] = [
  ["", "any state"],
  ...STATUSES.map((status): Option => [status, statusWord(status)]),
];

const USUAL = { server: "", user: "", since: "", status: "" };

/** Commands, newest first: of one server, or with a choice of servers. */
export function CommandHistory({ server }: { server?: string }) {
  const [chosen, change] = useFilters(USUAL);
  const filters = server === undefined ? chosen : { ...chosen, server };
  const commands = useCommands(filters);
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <HistoryFilters filters={filters} change={change} fixed={server !== undefined} />
        <OneOf
          aria-label="State"
          className="w-36"
          value={filters.status}
          change={(status) => change({ status })}
          options={STATES}
        />
        <div className="max-w-full md:ml-auto">
          <CliCommand command={commandCommands.list(filters)} />
        </div>
      </div>
      <Loaded query={commands} empty={<p>No commands were run, or none like that.</p>}>
        {(found) => <CommandTable commands={found} servers={server === undefined} />}
      </Loaded>
      <Older query={commands} />
    </>
  );
}
