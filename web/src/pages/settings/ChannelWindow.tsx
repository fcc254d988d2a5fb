import { Send } from "lucide-react";
import { useState } from "react";
import { useChannel, useDeliveries, useRemoveChannel, useTestChannel } from "@/api/settings";
import type { ChannelDetail, Delivery } from "@/api/types";
import { channelCommands } from "@/lib/commands/settings";
import { clock } from "@/lib/format";
import { visible } from "@/lib/text";
import { exactDuration } from "@/lib/units";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { Complaint, Loaded } from "@/parts/Loaded";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Table, Td, Th } from "@/ui/table";

interface Props {
  name: string;
  onClose: () => void;
}

/** One channel: what it is, a test message, and what became of those before. */
export function ChannelWindow({ name, onClose }: Props) {
  const channel = useChannel(name);
  const log = useDeliveries(name);
  return (
    <Dialog wide open onOpenChange={(open) => !open && onClose()} title={`Channel ${name}`}>
      <Loaded query={channel}>
        {(detail) => (
          <div className="grid grid-cols-1 gap-4">
            <Facts facts={about(detail)} />
            <CliCommand command={channelCommands.show(name)} />
            <Actions name={name} onGone={onClose} />
            <h3 className="font-medium">Deliveries, the newest first</h3>
            <CliCommand command={channelCommands.log(name)} />
            <Loaded query={log} empty={<p>Nothing was sent to it yet.</p>}>
              {(deliveries) => <Deliveries deliveries={deliveries} />}
            </Loaded>
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function about(channel: ChannelDetail): Parameters<typeof Facts>[0]["facts"] {
  return [
    ["to", visible(channel.url)],
    ["alerts", `${channel.severity} or worse, of ${channel.target}`],
    ["reminds", channel.remind_s ? `every ${exactDuration(channel.remind_s)}` : "not"],
    ["signed", channel.signed ? "yes" : "no"],
    ["waiting", channel.waiting],
    ["last result", channel.last_result && visible(channel.last_result)],
    ["made", `${clock(channel.created_at)} by ${channel.created_by ?? "somebody who is gone"}`],
  ];
}

function Actions({ name, onGone }: { name: string; onGone: () => void }) {
  const test = useTestChannel(name);
  const remove = useRemoveChannel(name);
  const [removing, setRemoving] = useState(false);
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={test.isPending} onClick={() => test.mutate()}>
          <Send /> {test.isPending ? "Sending …" : "Send a test"}
        </Button>
        <Button look="danger" onClick={() => setRemoving(true)}>
          Remove
        </Button>
      </div>
      {test.data && <TestResult delivery={test.data} />}
      <Complaint error={test.error} />
      <CliCommand command={channelCommands.test(name)} />
      {removing && (
        <Confirm
          title={`Remove ${name}`}
          text="With its log, and all that it was to be told."
          action="Remove"
          command={channelCommands.rm(name)}
          run={async () => {
            await remove.mutateAsync();
            onGone();
          }}
          onClose={() => setRemoving(false)}
        />
      )}
    </div>
  );
}

function TestResult({ delivery }: { delivery: Delivery }) {
  return (
    <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
      <Result delivery={delivery} />
      {delivery.ok ? "The receiver took it" : "The receiver did not take it"}
      {delivery.answer && `: ${visible(delivery.answer)}`}
    </p>
  );
}

function Result({ delivery: { ok } }: { delivery: Delivery }) {
  if (ok === null) return <Badge>under way</Badge>;
  return <Badge tone={ok ? "good" : "bad"}>{ok ? "delivered" : "failed"}</Badge>;
}

function Deliveries({ deliveries }: { deliveries: Delivery[] }) {
  return (
    <Table aria-label="Deliveries">
      <thead>
        <tr>
          <Th>Time</Th>
          <Th>Message</Th>
          <Th>Attempt</Th>
          <Th>Result</Th>
          <Th>Answer</Th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((one) => (
          <tr key={one.id}>
            <Td className="whitespace-nowrap tabular-nums">{clock(one.ts)}</Td>
            <Td>
              {one.event}
              {one.alerts > 1 && ` of ${one.alerts} alerts`}
            </Td>
            <Td className="tabular-nums">{one.attempt}</Td>
            <Td>
              <Result delivery={one} />
            </Td>
            <Td className="min-w-48 break-words">
              {one.answer && visible(one.answer)}
              {one.duration_ms !== null && (
                <span className="text-faint tabular-nums"> {one.duration_ms} ms</span>
              )}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
