import { Link } from "react-router";
import { useLatestCommands, useLatestEvents, useOpenAlerts } from "@/api/lately";
import type { Alert, CommandRecord, HubEvent } from "@/api/types";
import { serverPageCommands } from "@/lib/commands/server";
import { duration } from "@/lib/format";
import { line } from "@/lib/shell";
import { visible } from "@/lib/text";
import { CopyButton } from "@/parts/CliCommand";
import { Loaded } from "@/parts/Loaded";
import { Age, SeverityBadge } from "@/parts/Status";
import { Badge, type Tone } from "@/ui/badge";
import { Card } from "@/ui/card";

interface Props {
  server: string;
}

const pageOf = (server: string, path: string) => `/servers/${encodeURIComponent(server)}/${path}`;

/** What is wrong now; nothing at all where nothing is. */
export function OpenAlerts({ server }: Props) {
  const alerts = useOpenAlerts(server);
  if (!alerts.data?.length) return null;
  return (
    <Card
      title={alerts.data.length === 1 ? "1 open alert" : `${alerts.data.length} open alerts`}
      className="border-bad"
      actions={<Command text={serverPageCommands.alerts(server)} what="alerts" />}
    >
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-2 text-sm">
        {alerts.data.map((alert) => (
          <AlertLine key={alert.id} alert={alert} />
        ))}
      </ul>
    </Card>
  );
}

function AlertLine({ alert }: { alert: Alert }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <SeverityBadge severity={alert.severity} />
      <Link to={`/alerts/${alert.id}`} className="min-w-0 break-words underline">
        {visible(alert.message)}
      </Link>
      {alert.state === "acknowledged" && (
        <span className="text-faint">acknowledged by {alert.acked_by}</span>
      )}
      {alert.stale && <span className="text-faint">not heard of any more</span>}
      <span className="ml-auto text-faint">
        <Age time={alert.fired_at ?? alert.started_at} />
      </span>
    </li>
  );
}

const took = (ms: number) => (ms < 1000 ? `${ms} ms` : duration(ms / 1000));

const GOOD: Partial<Record<CommandRecord["status"], Tone>> = {
  succeeded: "good",
  running: "accent",
  queued: "plain",
  sent: "plain",
};

export function LatestCommands({ server }: Props) {
  const commands = useLatestCommands(server);
  return (
    <Card
      title={<Link to={pageOf(server, "commands")}>Last commands</Link>}
      actions={<Command text={serverPageCommands.commands(server)} what="commands" />}
    >
      <Loaded query={commands} empty="No command was run here.">
        {(found) => (
          <ul className="grid grid-cols-[minmax(0,1fr)] gap-2 text-sm">
            {found.map((command) => (
              <CommandLine key={command.id} command={command} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function CommandLine({ command }: { command: CommandRecord }) {
  const text = Array.isArray(command.command) ? line(...command.command) : command.command;
  return (
    <li className="flex items-center gap-3">
      <Link
        to={`/commands/${command.id}`}
        className="min-w-0 flex-1 truncate font-mono text-xs hover:underline"
        title={visible(text)}
      >
        {visible(text)}
      </Link>
      {command.duration_ms !== null && (
        <span className="shrink-0 text-faint tabular-nums max-sm:hidden">
          {took(command.duration_ms)}
        </span>
      )}
      <Badge tone={GOOD[command.status] ?? "bad"}>
        {command.status.replace("_", " ")}
        {command.exit_code ? ` ${command.exit_code}` : ""}
      </Badge>
      <span className="w-14 shrink-0 text-right whitespace-nowrap text-faint tabular-nums">
        <Age time={command.created_at} />
      </span>
    </li>
  );
}

export function LatestEvents({ server }: Props) {
  const events = useLatestEvents(server);
  return (
    <Card
      title={<Link to={pageOf(server, "events")}>Last events</Link>}
      actions={<Command text={serverPageCommands.events(server, null)} what="events" />}
    >
      <Loaded query={events} empty="It has not connected yet.">
        {(found) => (
          <ul className="grid grid-cols-[minmax(0,1fr)] gap-2 text-sm">
            {found.map((event) => (
              <EventLine key={`${event.ts} ${event.event}`} event={event} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function EventLine({ event }: { event: HubEvent }) {
  return (
    <li className="flex items-center gap-3">
      <span>{event.event}</span>
      <span className="min-w-0 flex-1 truncate text-faint">
        {visible([event.reason, event.address].filter(Boolean).join(" · "))}
      </span>
      <span className="shrink-0 text-faint">
        <Age time={event.ts} />
      </span>
    </li>
  );
}

const Command = ({ text, what }: { text: string; what: string }) => (
  <CopyButton text={text} label={`Copy the command that lists its ${what}`} />
);
