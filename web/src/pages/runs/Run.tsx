import { RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { useMe } from "@/api/auth";
import { useCancelRun, useRun } from "@/api/commands";
import type { Run } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { clock } from "@/lib/format";
import { atLeast } from "@/lib/roles";
import { commandText, open, shorten } from "@/lib/runs/outcome";
import { counts, runRows } from "@/lib/runs/rows";
import { visible, visibleLines } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { Loaded } from "@/parts/Loaded";
import { CommandStatusBadge } from "@/parts/Outcome";
import { Page } from "@/parts/Page";
import { useFollowing } from "@/socket/useFollowing";
import { keepDraft } from "@/stores/drafts";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { RunTable } from "./RunTable";

/** Of each server only the last lines are shown. */
const KEPT = 4_096;

/** The hub has nothing more to say. */
const DONE = 1000;

/** One run: how it stands on each server, as it goes on. */
export function Component() {
  const { run: id = "" } = useParams();
  const run = useRun(id);
  const me = useMe();
  const operator = atLeast(me.data?.role, "operator");
  const title = run.data ? shorten(visible(commandText(run.data.command)), 60) : "Run";
  return (
    <Page title={title} actions={operator && run.data && <Actions run={run.data} />}>
      <Loaded query={run}>{(data) => <Whole key={id} run={data} operator={operator} />}</Loaded>
    </Page>
  );
}

function Whole({ run, operator }: { run: Run; operator: boolean }) {
  const [following, state] = useFollowing(operator ? run.id : null, KEPT);
  const rows = runRows(run, following);
  const over = rows.filter((row) => !open(row.status)).length;
  return (
    <>
      <Card>
        <div className="grid gap-4">
          <div role="status" className="flex flex-wrap items-center gap-2 text-sm tabular-nums">
            <span className="font-medium">
              {over} of {rows.length} {rows.length === 1 ? "server" : "servers"} done
            </span>
            {counts(rows).map(([status, count]) => (
              <span key={status} className="flex items-center gap-1">
                {count} <CommandStatusBadge status={status} />
              </span>
            ))}
            {state.phase === "waiting" && (
              <span className="text-faint">the hub is away; coming back …</span>
            )}
          </div>
          <Bar over={over} of={rows.length} />
          <About run={run} operator={operator} />
        </div>
      </Card>
      {following.error && (
        <p role="alert" className="text-sm text-bad">
          {visible(following.error.message)}
        </p>
      )}
      {state.phase === "ended" && state.code !== DONE && (
        <p className="text-sm text-faint">Without what was printed: {visible(state.reason)}</p>
      )}
      <RunTable rows={rows} output={operator} />
    </>
  );
}

function Bar({ over, of }: { over: number; of: number }) {
  return (
    <div
      role="progressbar"
      aria-label="Servers that are done"
      aria-valuenow={over}
      aria-valuemin={0}
      aria-valuemax={of}
      className="h-1.5 overflow-hidden rounded-full bg-raised"
    >
      <div className="h-full bg-accent" style={{ width: `${(100 * over) / Math.max(1, of)}%` }} />
    </div>
  );
}

function About({ run, operator }: { run: Run; operator: boolean }) {
  const command = typeof run.command === "string" ? run.command : JSON.stringify(run.command);
  const facts = useMemo(
    (): [string, React.ReactNode][] => [
      ["target", <code key="target">{visible(run.target)}</code>],
      ["by", run.user ?? "an account that is gone"],
      ["began", clock(run.created_at)],
      ["ended", run.finished_at && clock(run.finished_at)],
    ],
    [run],
  );
  return (
    <>
      <pre className="max-h-60 overflow-auto rounded-md bg-raised p-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
        {visibleLines(command)}
      </pre>
      <Facts facts={facts} />
      <CliCommand
        command={operator ? commandCommands.attach(run.id) : commandCommands.show(run.id)}
      />
    </>
  );
}

function Actions({ run }: { run: Run }) {
  const cancel = useCancelRun(run.id);
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const line = typeof run.command === "string" ? run.command : null;
  const again = (command: string) =>
    navigate("/exec", { state: keepDraft({ target: run.target, command }) });
  return (
    <>
      {line !== null && (
        <Button onClick={() => again(line)}>
          <RotateCcw /> Run again
        </Button>
      )}
      {!run.finished_at && (
        <Button look="danger" onClick={() => setAsking(true)}>
          Cancel the run
        </Button>
      )}
      {asking && (
        <Confirm
          title="Cancel this run?"
          text="Nothing more is started. What runs gets TERM, and KILL five seconds later."
          action="Cancel the run"
          command={commandCommands.cancel(run.id)}
          run={() => cancel.mutateAsync()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
