import { useContainerStats, useContainers } from "@/api/docker";
import type { ServerContainer, ServerDetail } from "@/api/types";
import { containerCommands } from "@/lib/commands/containers";
import { byId, chooseContainers } from "@/lib/containers/list";
import { useFilters } from "@/lib/useFilters";
import { useThisServer } from "@/pages/server/context";
import { OneOf, type Option } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { LateInput } from "@/parts/LateInput";
import { Loaded, Nothing } from "@/parts/Loaded";
import { NotAllowed } from "@/parts/NotAllowed";
import { ContainerTable } from "./ContainerTable";

const STATES: Option[] = [["", "any state"], "running", "paused", "stopped"];

const USUAL = { q: "", state: "" };

/** The containers of a server, with what they use, and what can be done with them. */
export function Component() {
  const server = useThisServer();
  const allowed = !server.allow || server.allow.includes("docker");
  const containers = useContainers(server.name, allowed);
  const [choice, change] = useFilters(USUAL);
  if (!allowed) return <NotAllowed server={server} what="docker" so="it shows no containers" />;
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <LateInput
          type="search"
          aria-label="Search by name, image or project"
          placeholder="name, image or project"
          className="w-64 max-w-full"
          value={choice.q}
          change={(q) => change({ q })}
        />
        <OneOf
          aria-label="State"
          className="w-36"
          value={choice.state}
          change={(state) => change({ state })}
          options={STATES}
        />
        <div className="max-w-full md:ml-auto">
          <CliCommand command={containerCommands.ps(server.name)} />
        </div>
      </div>
      <Loaded query={containers} empty={<p>{server.name} has no containers.</p>}>
        {(all) => <Chosen server={server} all={all} choice={choice} />}
      </Loaded>
    </>
  );
}

interface ChosenProps {
  server: ServerDetail;
  all: ServerContainer[];
  choice: typeof USUAL;
}

function Chosen({ server, all, choice }: ChosenProps) {
  const some = all.some((one) => one.state === "running");
  const stats = useContainerStats(server.name, some);
  const chosen = chooseContainers(all, choice);
  if (chosen.length === 0)
    return <Nothing>None of the {all.length} containers is like that.</Nothing>;
  return <ContainerTable server={server} containers={chosen} stats={byId(stats.data ?? [])} />;
}
