import { useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useEffect, useMemo } from "react";
import type { CommandRecord } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { rows } from "@/lib/lines";
import { open } from "@/lib/runs/outcome";
import type { TextTail } from "@/lib/runs/tail";
import { save } from "@/lib/save";
import { visible, visibleLines } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { LineList } from "@/parts/LineList";
import { useFollowing } from "@/socket/useFollowing";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";

/** As much as the hub keeps of a stream, and what comes meanwhile. */
const KEPT = 1_048_576;

/** What a command printed, from its beginning, and what it prints as it does. */
export function CommandOutput({ command }: { command: CommandRecord }) {
  const [following, state] = useFollowing(command.id, KEPT);
  useRecordAfter(following.over, command.id);
  const followed = following.commands.get(command.id);
  const runs = open(command.status);
  const refused = following.error?.message ?? (state.phase === "ended" && state.code !== 1000);
  const none = followed && !followed.stdout.text && !followed.stderr.text;
  return (
    <Card title="Output">
      <div className="grid gap-4">
        {refused && (
          <p role="alert" className="text-sm break-words text-bad">
            {visible(refused === true && "reason" in state ? state.reason : String(refused))}
          </p>
        )}
        {state.phase === "waiting" && (
          <p role="status" className="text-sm text-faint">
            The way to the hub is lost; going on from here as soon as it is back …
          </p>
        )}
        {followed && <Stream name="stdout" tail={followed.stdout} live={runs} id={command.id} />}
        {followed && <Stream name="stderr" tail={followed.stderr} live={runs} id={command.id} />}
        {none && <p className="text-sm text-faint">{runs ? "Nothing yet." : "Nothing."}</p>}
        {followed && followed.missing > 0 && (
          <p className="text-sm text-warn">
            {followed.missing} bytes are missing: of a long output the hub keeps the first and the
            last 512 KiB.
          </p>
        )}
        <CliCommand
          command={runs ? commandCommands.attach(command.id) : commandCommands.output(command.id)}
        />
      </div>
    </Card>
  );
}

/** The record says how it ended as soon as its stream has. */
function useRecordAfter(over: boolean, id: string): void {
  const client = useQueryClient();
  useEffect(() => {
    if (over) void client.invalidateQueries({ queryKey: ["commands", "one", id] });
  }, [over, id, client]);
}

interface StreamProps {
  name: "stdout" | "stderr";
  tail: TextTail;
  live: boolean;
  id: string;
}

function Stream({ name, tail, live, id }: StreamProps) {
  const { text, leftOut } = tail;
  const lines = useMemo(() => rows(visibleLines(text)), [text]);
  if (!text) return null;
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between gap-2">
        <h3 className="text-sm font-medium">{name}</h3>
        <Button size="small" onClick={() => save(`${id}.${name}.txt`, [text])}>
          <Download /> Save
        </Button>
      </div>
      {leftOut > 0 && (
        <p className="text-xs text-faint">
          {leftOut} characters before this are not kept in this page; the command below has them.
        </p>
      )}
      <LineList
        label={name}
        count={lines.length}
        live={live}
        className={name === "stderr" ? "border-bad" : ""}
        line={(index) => lines[index]}
      />
    </div>
  );
}
