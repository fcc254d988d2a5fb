import { TerminalSquare } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ServerDetail } from "@/api/types";
import { duration } from "@/lib/format";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { openTerminal } from "./open";
import { commandAt, type Place } from "./place";

const SHELL = "a line for the shell there, like htop; empty: the login shell";

/** What is run at the terminal, and what its makers should know before they open it. */
export function StartTerminal({ place }: { place: Place }) {
  const { server, container } = place;
  const [command, setCommand] = useState(container === null ? "" : "sh");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const line = command.trim() || null;
  const open = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await openTerminal(place, line);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Card title="Open a terminal" className="max-w-2xl">
      <form onSubmit={open} className="grid gap-4">
        <TextField
          label="Command"
          hint={container === null ? SHELL : "a line for the container's /bin/sh"}
          className="font-mono"
          required={container !== null}
          value={command}
          change={setCommand}
        />
        {server.status !== "online" && (
          <p className="text-sm text-warn">
            {server.name} is not connected now; a terminal needs it to be.
          </p>
        )}
        <p className="text-sm text-faint">
          What is printed is recorded, what is typed is not. {limits(server)}
        </p>
        <Complaint error={error} />
        <CliCommand command={commandAt(place, line)} />
        <Button type="submit" look="main" disabled={busy} className="justify-self-start">
          <TerminalSquare /> Open
        </Button>
      </form>
    </Card>
  );
}

/** The bounds that the target's owner has set. */
function limits({ shell }: ServerDetail): string {
  const idle = shell?.idle ? `hung up after ${duration(shell.idle)} in which nothing happens` : "";
  const total = shell?.total ? `ended after ${duration(shell.total)}` : "";
  const both = [idle, total].filter(Boolean).join(", and ");
  return both && `By the target's policy it is ${both}.`;
}
