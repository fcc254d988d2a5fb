import { useEvents } from "@/api/events";
import type { HubEvent } from "@/api/types";
import { secondsOf } from "@/lib/charts/spans";
import { serverPageCommands } from "@/lib/commands/server";
import { clock } from "@/lib/format";
import { visible } from "@/lib/text";
import { useFilters } from "@/lib/useFilters";
import { OneOf, type Option } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { useThisServer } from "../context";

const SINCE: Option[] = [
  ["", "of all time"],
  ["24h", "the last 24 hours"],
  ["7d", "the last 7 days"],
  ["30d", "the last 30 days"],
];

const TONES: Record<string, Tone> = {
  connected: "good",
  disconnected: "warn",
  refused: "bad",
  replaced: "warn",
};
const USUAL = { since: "" };

/** When a server connected and disconnected, and why. */
export function Component() {
  const server = useThisServer();
  const [filter, change] = useFilters(USUAL);
  const seconds = secondsOf(filter.since);
  const events = useEvents(server.name, seconds);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap gap-2">
        <OneOf
          aria-label="Since"
          className="w-44"
          value={seconds ? filter.since : ""}
          change={(since) => change({ since })}
          options={SINCE}
        />
        <div className="ml-auto max-w-full">
          <CliCommand
            command={serverPageCommands.events(server.name, seconds ? filter.since : null)}
          />
        </div>
      </div>
      <Loaded query={events} empty="It neither connected nor disconnected in this time.">
        {(found) => <EventTable events={found} />}
      </Loaded>
      {events.hasNextPage && (
        <Button
          className="justify-self-center"
          disabled={events.isFetchingNextPage}
          onClick={() => void events.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </div>
  );
}

function EventTable({ events }: { events: HubEvent[] }) {
  return (
    <Table aria-label="Events" className="tabular-nums">
      <thead>
        <tr>
          <Th>When</Th>
          <Th>Event</Th>
          <Th>Address</Th>
          <Th>Reason</Th>
        </tr>
      </thead>
      <tbody>
        {events.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may have come in one millisecond
          <tr key={`${event.ts} ${event.event} ${index}`}>
            <Td className="whitespace-nowrap">
              {clock(event.ts)}{" "}
              <span className="text-faint max-md:hidden">
                (<Age time={event.ts} /> ago)
              </span>
            </Td>
            <Td>
              <Badge tone={TONES[event.event] ?? "plain"}>{event.event}</Badge>
            </Td>
            <Td>{visible(event.address ?? "–")}</Td>
            <Td className="w-full">{visible(event.reason ?? "")}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
