import { useState } from "react";
import { Link, useParams } from "react-router";
import { useCancelCommand, useCommand } from "@/api/commands";
import { useRoleOn } from "@/api/servers";
import type { CommandRecord } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { clock } from "@/lib/format";
import { atLeast } from "@/lib/roles";
import { commandText, open, shorten } from "@/lib/runs/outcome";
import { visible, visibleLines } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { Loaded } from "@/parts/Loaded";
import { Outcome } from "@/parts/Outcome";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { CommandOutput } from "./CommandOutput";
import { Took } from "./CommandTable";

export function Component() {
  const { command = "" } = useParams();
  const record = useCommand(command);
  const operator = atLeast(useRoleOn(record.data?.server ?? null), "operator");
  const name = record.data && shorten(visible(commandText(record.data.command)), 60);
  return (
    <Page
      title={record.data ? `${name} on ${record.data.server}` : "Command"}
      actions={operator && record.data && open(record.data.status) && <Cancel id={command} />}
    >
      <Loaded query={record}>
        {(data) => (
          <>
            <About command={data} />
            {operator ? (
              <CommandOutput key={data.id} command={data} />
            ) : (
              <p className="text-sm text-faint">
                What a command printed is for operators of its server.
              </p>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function About({ command }: { command: CommandRecord }) {
  return (
    <Card>
      <div className="grid gap-4">
        <p className="text-sm">
          <Outcome ended={command} />
        </p>
        <pre className="max-h-60 overflow-auto rounded-md bg-raised p-2 font-mono text-xs whitespace-pre-wrap break-words">
          {typeof command.command === "string"
            ? visibleLines(command.command)
            : visible(JSON.stringify(command.command))}
        </pre>
        <Facts facts={facts(command)} />
        <CliCommand command={commandCommands.show(command.id)} />
      </div>
    </Card>
  );
}

const link = "text-accent hover:underline";

function facts(command: CommandRecord): [string, React.ReactNode][] {
  return [
    [
      "server",
      <Link key="server" className={link} to={`/servers/${encodeURIComponent(command.server)}`}>
        {command.server}
      </Link>,
    ],
    ["container", command.container && visible(command.container)],
    ["by", command.user ?? "an account that is gone"],
    ["asked for", clock(command.created_at)],
    ["began", command.started_at && clock(command.started_at)],
    ["ended", command.finished_at && clock(command.finished_at)],
    ["took", <Took key="took" command={command} />],
    ["exit status", command.exit_code],
    [
      "run",
      <Link key="run" className={link} to={`/runs/${encodeURIComponent(command.run_id)}`}>
        {command.run_id}
      </Link>,
    ],
  ];
}

function Cancel({ id }: { id: string }) {
  const cancel = useCancelCommand(id);
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        Cancel the command
      </Button>
      {asking && (
        <Confirm
          title="Cancel this command?"
          text="If it waits for its turn it never starts. If it runs its processes get TERM, and KILL five seconds later."
          action="Cancel the command"
          command={commandCommands.cancel(id)}
          run={() => cancel.mutateAsync()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
