import { Plus } from "lucide-react";
import { useState } from "react";
import { useChannels } from "@/api/settings";
import type { Channel } from "@/api/types";
import { channelCommands } from "@/lib/commands/settings";
import { visible } from "@/lib/text";
import { useFilters } from "@/lib/useFilters";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded } from "@/parts/Loaded";
import { SeverityBadge } from "@/parts/Status";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { AddChannel } from "./AddChannel";
import { ChannelWindow } from "./ChannelWindow";
import { SettingsPage } from "./SettingsPage";

export function Component() {
  const channels = useChannels();
  const [{ channel }, change] = useFilters({ channel: "" });
  const [adding, setAdding] = useState(false);
  const add = (
    <Button look="main" onClick={() => setAdding(true)}>
      <Plus /> Add a channel
    </Button>
  );
  return (
    <SettingsPage title="Channels" needs="admin" actions={add}>
      <CliCommand command={channelCommands.list()} />
      <Loaded query={channels} empty={<p>There are no channels: nobody is told of alerts.</p>}>
        {(all) => <ChannelTable channels={all} open={(name) => change({ channel: name })} />}
      </Loaded>
      {adding && <AddChannel onClose={() => setAdding(false)} />}
      {channel && <ChannelWindow name={channel} onClose={() => change({ channel: "" })} />}
    </SettingsPage>
  );
}

interface TableProps {
  channels: Channel[];
  open: (name: string) => void;
}

function ChannelTable({ channels, open }: TableProps) {
  return (
    <Table aria-label="Channels" className="[&_td]:align-middle">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>To</Th>
          <Th>From severity</Th>
          <Th>Servers</Th>
          <Th>Last result</Th>
        </tr>
      </thead>
      <tbody>
        {channels.map((one) => (
          <tr key={one.id}>
            <Td>
              <button
                type="button"
                className="font-medium hover:underline"
                onClick={() => open(one.name)}
              >
                {one.name}
              </button>
            </Td>
            <Td className="min-w-40 break-words">{visible(one.url)}</Td>
            <Td>
              <SeverityBadge severity={one.severity} />
            </Td>
            <Td className="min-w-32 break-words">{one.target}</Td>
            <Td className="min-w-40 break-words">
              {one.last_result ? visible(one.last_result) : "–"}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
