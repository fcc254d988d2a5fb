import { MoreVertical } from "lucide-react";
import { useState } from "react";
import { useChangeContainer } from "@/api/docker";
import type { ServerDetail } from "@/api/types";
import { containerCommands } from "@/lib/commands/containers";
import { type ContainerVerb, verbs } from "@/lib/containers/list";
import { atLeast } from "@/lib/roles";
import { visible } from "@/lib/text";
import { Confirm } from "@/parts/Confirm";
import { Button } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { toast } from "@/ui/toast";

interface Props {
  server: ServerDetail;
  name: string;
  state: string;
  /** With words on its button, where it stands alone. */
  alone?: boolean;
  /** It is removed: there is nothing to show any more. */
  onGone?: () => void;
}

const NAMES: Record<ContainerVerb, string> = {
  start: "Start",
  stop: "Stop",
  restart: "Restart",
  pause: "Pause",
  unpause: "Unpause",
  kill: "Kill",
  rm: "Remove",
};

const MEANING: Record<ContainerVerb, string> = {
  start: "It is started as it was made.",
  stop: "It is asked to end, and killed when it has not after ten seconds.",
  restart: "It is stopped, and started again.",
  pause: "All its processes stand still until it is unpaused.",
  unpause: "Its processes go on.",
  kill: "It is killed at once: what it has not written is lost.",
  rm: "What was written in it goes too; volumes stay.",
};

const GRAVE: ContainerVerb[] = ["kill", "rm"];

/** What an operator may do with a container, as its state and the target's policy allow. */
export function ContainerMenu({ server, name, state, alone = false, onGone }: Props) {
  const [verb, setVerb] = useState<ContainerVerb | null>(null);
  const change = useChangeContainer(server.name, name);
  const readOnly = server.docker !== null && server.docker.mode !== "full";
  if (!atLeast(server.role, "operator") || readOnly) return null;
  const run = async (asked: ContainerVerb) => {
    const { state: after } = await change.mutateAsync(asked);
    toast(`${visible(name)}: ${after ?? "removed"}`);
    if (after === null) onGone?.();
  };
  return (
    <>
      <Menu
        trigger={
          <Button
            look={alone ? "plain" : "quiet"}
            size={alone ? "normal" : "icon"}
            {...(alone ? {} : { "aria-label": `Actions for ${visible(name)}` })}
          >
            {alone && "Actions"} <MoreVertical />
          </Button>
        }
      >
        {verbs(state).map((one) => (
          <MenuItem key={one} danger={GRAVE.includes(one)} onSelect={() => setVerb(one)}>
            {NAMES[one]}
          </MenuItem>
        ))}
      </Menu>
      {verb && (
        <Confirm
          title={`${NAMES[verb]} ${visible(name)}?`}
          text={MEANING[verb]}
          action={NAMES[verb]}
          look={GRAVE.includes(verb) ? "danger" : "main"}
          command={containerCommands.change(server.name, name, verb)}
          run={() => run(verb)}
          onClose={() => setVerb(null)}
        />
      )}
    </>
  );
}
