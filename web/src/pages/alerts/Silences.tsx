import { BellOff } from "lucide-react";
import { useState } from "react";
import { useRemoveSilence, useSilences } from "@/api/alerts";
import { useMe } from "@/api/auth";
import type { Me, Silence } from "@/api/types";
import { silenceCommands } from "@/lib/commands/alerts";
import { clock, duration } from "@/lib/format";
import { atLeast } from "@/lib/roles";
import { visible } from "@/lib/text";
import { useNow } from "@/lib/useNow";
import { AddSilence } from "@/parts/AddSilence";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { AlertTabs } from "./AlertTabs";

export function Component() {
  const silences = useSilences();
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Silence | null>(null);
  const remove = useRemoveSilence();
  const add = atLeast(me.data?.role, "operator") && (
    <Button look="main" onClick={() => setAdding(true)}>
      <BellOff /> Add a silence
    </Button>
  );
  return (
    <Page title="Silences" actions={add}>
      <AlertTabs />
      <CliCommand command={silenceCommands.list()} />
      <Loaded query={silences} empty={<p>No silence holds: all alerts are told.</p>}>
        {(all) => <Silences silences={all} end={setEnding} />}
      </Loaded>
      {adding && <AddSilence onClose={() => setAdding(false)} />}
      {ending && (
        <Confirm
          title="End the silence"
          text={`Of ${ending.target}${ending.metric ? `, ${visible(ending.metric)}` : ""}. What fired while it held and still does is told now.`}
          action="End it"
          command={silenceCommands.rm(ending.id)}
          run={() => remove.mutateAsync(ending.id)}
          onClose={() => setEnding(null)}
        />
      )}
    </Page>
  );
}

/** Its maker and administrators end it. */
function mayEnd(silence: Silence, me: Me | undefined): boolean {
  if (atLeast(me?.role, "admin")) return true;
  return atLeast(me?.role, "operator") && silence.created_by === me?.name;
}

function Silences({ silences, end }: { silences: Silence[]; end: (silence: Silence) => void }) {
  const me = useMe();
  const now = useNow();
  return (
    <Table aria-label="Silences" className="[&_td]:align-middle">
      <thead>
        <tr>
          <Th>Servers</Th>
          <Th>Metric</Th>
          <Th>Until</Th>
          <Th>Comment</Th>
          <Th>By</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {silences.map((silence) => (
          <tr key={silence.id}>
            <Td className="font-medium break-words">{silence.target}</Td>
            <Td>{silence.metric ? visible(silence.metric) : "all"}</Td>
            <Td className="whitespace-nowrap tabular-nums">
              {clock(silence.until)}
              <span className="block text-xs text-faint">
                for {duration((Date.parse(silence.until) - now) / 1000)} yet
              </span>
            </Td>
            <Td className="min-w-40 break-words">{silence.comment && visible(silence.comment)}</Td>
            <Td>{silence.created_by ?? "–"}</Td>
            <Td className="text-right">
              {mayEnd(silence, me.data) && (
                <Button
                  size="small"
                  aria-label={`End the silence of ${silence.target}`}
                  onClick={() => end(silence)}
                >
                  End
                </Button>
              )}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
