import { TerminalSquare } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ServerDetail } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { duration } from "@/lib/format";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint, Nothing } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field, Input } from "@/ui/field";
import { openTerminal } from "./open";

/** What is run at the terminal, and what its makers should know before they open it. */
export function StartTerminal({ server }: { server: ServerDetail }) {
  const [command, setCommand] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const line = command.trim() || null;
  const open = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await openTerminal(server, line);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  if (server.allow && !server.allow.includes("shell")) return <NotAllowed server={server} />;
  return (
    <Card title="Open a terminal" className="max-w-2xl">
      <form onSubmit={open} className="grid gap-4">
        <Field label="Command" hint="a line for the shell there, like htop; empty: the login shell">
          {(props) => (
            <Input
              {...props}
              className="font-mono"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              value={command}
              onChange={(event) => setCommand(event.target.value)}
            />
          )}
        </Field>
        {server.status !== "online" && (
          <p className="text-sm text-warn">
            {server.name} is not connected now; a terminal needs it to be.
          </p>
        )}
        <p className="text-sm text-faint">
          What is printed is recorded, what is typed is not. {limits(server)}
        </p>
        <Complaint error={error} />
        <CliCommand command={commandCommands.shell(server.name, line)} />
        <Button type="submit" look="main" disabled={busy} className="justify-self-start">
          <TerminalSquare /> Open
        </Button>
      </form>
    </Card>
  );
}

function NotAllowed({ server }: { server: ServerDetail }) {
  return (
    <Nothing>
      <p className="text-ink">
        The agent of {server.name} was not started with <code>--allow shell</code>, so it opens no
        terminals.
      </p>
      <p>
        Its owner decides that on the target:{" "}
        <code>chatops agent --allow {[...(server.allow ?? []), "shell"].join(",")}</code>, or{" "}
        <code>allow</code> in its policy.
      </p>
    </Nothing>
  );
}

/** The bounds that the target's owner has set. */
function limits({ shell }: ServerDetail): string {
  const idle = shell?.idle ? `hung up after ${duration(shell.idle)} in which nothing happens` : "";
  const total = shell?.total ? `ended after ${duration(shell.total)}` : "";
  const both = [idle, total].filter(Boolean).join(", and ");
  return both && `By the target's policy it is ${both}.`;
}
