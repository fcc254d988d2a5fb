import { History } from "lucide-react";
import { useState } from "react";
import { useReplay } from "@/api/alerts";
import type { Replay, ReplayRow, ThresholdSet } from "@/api/types";
import { type RuleText, thresholdCommands } from "@/lib/commands/alerts";
import { clock, duration } from "@/lib/format";
import { inUnit } from "@/lib/metricNames";
import { newestFirings, replayParams, verdict } from "@/lib/rules";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { Table, Td, Th } from "@/ui/table";

const SPANS = ["1h", "6h", "24h", "3d", "7d", "30d", "90d"];
const TOLD = 20;

/** What the rule would have done, before it does anything. Nothing is set, and nobody is told. */
export function BackTest({ text, rule }: { text: RuleText; rule: ThresholdSet | undefined }) {
  const replay = useReplay();
  const [since, setSince] = useState("24h");
  const [tried, setTried] = useState("");
  const now = JSON.stringify([rule, since]);
  const run = () => {
    if (!rule) return;
    setTried(now);
    replay.mutate(replayParams(rule, since, Date.now()));
  };
  return (
    <fieldset className="grid min-w-0 grid-cols-1 gap-3 rounded-md border p-3">
      <legend className="px-1 text-sm font-medium">Try it on what was</legend>
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <label className="flex items-center gap-2">
          the last
          <Select className="w-24" value={since} onChange={(event) => setSince(event.target.value)}>
            {SPANS.map((span) => (
              <option key={span}>{span}</option>
            ))}
          </Select>
        </label>
        <Button disabled={!rule || replay.isPending} onClick={run}>
          <History /> {replay.isPending ? "Trying …" : "Try"}
        </Button>
        {replay.data && tried !== now && (
          <span role="status" className="text-warn">
            The rule was changed since: try again.
          </span>
        )}
      </div>
      <CliCommand command={thresholdCommands.test(text, since)} />
      <Complaint error={replay.error} />
      {replay.data && <Outcome replay={replay.data} />}
    </fieldset>
  );
}

function Outcome({ replay }: { replay: Replay }) {
  return (
    <div
      className="grid grid-cols-1 gap-2 text-sm"
      role="status"
      aria-label="What the rule would have done"
    >
      {verdict(replay).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <div className="max-h-72 overflow-auto">
        <Table aria-label="By server">
          <thead>
            <tr>
              <Th>Server</Th>
              <Th>Metric</Th>
              <Th className="text-right">Fired</Th>
              <Th className="text-right">Total</Th>
              <Th className="text-right">Longest</Th>
              <Th>Last</Th>
              <Th className="text-right">Plain</Th>
              <Th className="text-right">Plain total</Th>
            </tr>
          </thead>
          <tbody>
            {replay.items.map((row) => (
              <Row key={`${row.server} ${row.metric}`} row={row} />
            ))}
          </tbody>
        </Table>
      </div>
      <Firings replay={replay} />
    </div>
  );
}

function Row({ row }: { row: ReplayRow }) {
  const number = "text-right tabular-nums whitespace-nowrap";
  return (
    <tr>
      <Td>{row.server}</Td>
      <Td>{visible(row.metric)}</Td>
      <Td className={number}>{row.values ? `${row.fired}×` : "–"}</Td>
      <Td className={number}>{duration(row.fired_s)}</Td>
      <Td className={number}>{duration(row.longest_s)}</Td>
      <Td className="whitespace-nowrap">{row.firing ? "firing" : clock(row.last_fired_at)}</Td>
      <Td className={number}>{row.values ? `${row.plain_fired}×` : "–"}</Td>
      <Td className={number}>{duration(row.plain_s)}</Td>
    </tr>
  );
}

function Firings({ replay }: { replay: Replay }) {
  const firings = newestFirings(replay);
  if (!firings.length) return null;
  return (
    <details>
      <summary className="cursor-pointer">When it would have fired</summary>
      <ul className="mt-1 grid gap-0.5 text-xs tabular-nums">
        {firings.slice(0, TOLD).map(({ row, firing, seconds }) => (
          <li key={`${row.server} ${row.metric} ${firing.fired_at}`}>
            {row.server} {visible(row.metric)}: {clock(firing.fired_at)} for {duration(seconds)}, at
            worst {inUnit(row.metric, firing.worst)}
            {firing.resolved_at === null && ", still firing"}
          </li>
        ))}
        {firings.length > TOLD && <li>and {firings.length - TOLD} earlier ones</li>}
      </ul>
    </details>
  );
}
