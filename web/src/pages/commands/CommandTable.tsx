import { Link } from "react-router";
import type { CommandRecord } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { duration, took } from "@/lib/format";
import { commandText, ending, open } from "@/lib/runs/outcome";
import { visible } from "@/lib/text";
import { useNow } from "@/lib/useNow";
import { CopyButton } from "@/parts/CliCommand";
import { CommandStatusBadge } from "@/parts/Outcome";
import { Age } from "@/parts/Status";
import { Table, Td, Th } from "@/ui/table";

interface Props {
  commands: CommandRecord[];
  /** Whether there is a column for the server. */
  servers: boolean;
}

export function CommandTable({ commands, servers }: Props) {
  return (
    <Table aria-label="Commands">
      <thead>
        <tr>
          <Th>State</Th>
          <Th>Command</Th>
          {servers && <Th>Server</Th>}
          <Th className="max-md:hidden">User</Th>
          <Th>When</Th>
          <Th className="max-md:hidden">Took</Th>
          <Th className="max-md:hidden">
            <span className="sr-only">Equivalent command</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {commands.map((command) => (
          <Row key={command.id} command={command} servers={servers} />
        ))}
      </tbody>
    </Table>
  );
}

function Row({ command, servers }: { command: CommandRecord; servers: boolean }) {
  const text = visible(commandText(command.command));
  const words = visible(ending(command));
  return (
    <tr className="hover:bg-card">
      <Td>
        <CommandStatusBadge status={command.status} />
      </Td>
      <Td className="w-full max-w-0 min-w-40">
        <Link
          to={`/commands/${encodeURIComponent(command.id)}`}
          className="block truncate font-mono text-xs leading-5 hover:underline"
          title={text}
        >
          {text}
        </Link>
        {words && (
          <span className="block truncate text-xs text-faint" title={words}>
            {words}
          </span>
        )}
      </Td>
      {servers && (
        <Td className="whitespace-nowrap">
          <Link
            className="hover:underline"
            to={`/servers/${encodeURIComponent(command.server)}/commands`}
          >
            {command.server}
          </Link>
          {command.container && (
            <span className="block text-xs text-faint">in {visible(command.container)}</span>
          )}
        </Td>
      )}
      <Td className="max-md:hidden">{command.user ?? "–"}</Td>
      <Td className="whitespace-nowrap tabular-nums">
        <Age time={command.created_at} />
      </Td>
      <Td className="whitespace-nowrap tabular-nums max-md:hidden">
        <Took command={command} />
      </Td>
      <Td className="max-md:hidden">
        <CopyButton
          text={commandCommands.show(command.id)}
          label="Copy the command that shows it"
        />
      </Td>
    </tr>
  );
}

/** How long it took, or has taken so far. */
export function Took({ command }: { command: CommandRecord }) {
  const now = useNow(1_000);
  if (command.duration_ms !== null) return <>{took(command.duration_ms)}</>;
  if (!command.started_at || !open(command.status)) return <>–</>;
  return <>{duration((now - Date.parse(command.started_at)) / 1000)} so far</>;
}
