import { useCommands } from "@/api/commands";
import { commandCommands } from "@/lib/commands/commands";
import { STATUSES, statusWord } from "@/lib/runs/outcome";
import { useFilters } from "@/lib/useFilters";
import { CliCommand } from "@/parts/CliCommand";
import { HistoryFilters } from "@/parts/HistoryFilters";
import { Loaded } from "@/parts/Loaded";
import { Older } from "@/parts/Older";
import { Select } from "@/ui/field";
import { CommandTable } from "./CommandTable";

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
        <Select
          aria-label="State"
          className="w-36"
          value={filters.status}
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
        {(found) => <CommandTable commands={found} servers={server === undefined} />}
      </Loaded>
      <Older query={commands} />
    </>
  );
}
