import { useState } from "react";
import { useNavigate } from "react-router";
import { useStartRun } from "@/api/commands";
import type { RunPlan } from "@/api/types";
import { commandCommands } from "@/lib/commands/commands";
import { unique } from "@/lib/random";
import { asked, execOptions, type RunForm } from "@/lib/runs/options";
import { reasons, wouldNot } from "@/lib/runs/plan";
import { visible, visibleLines } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

interface Props {
  plan: RunPlan;
  form: RunForm;
  onClose: () => void;
}

type PlannedStatus = RunPlan["servers"][number]["status"];
const TONES: Record<PlannedStatus, Tone> = {
  online: "good",
  offline: "bad",
  never: "plain",
  refused: "warn",
};

/** The servers that the hub means; the run goes to exactly as many, or to none. */
export function ConfirmRun({ plan, form, onClose }: Props) {
  const start = useStartRun();
  const navigate = useNavigate();
  const [key] = useState(unique);
  const count = plan.servers.length;
  const none = plan.servers.every(({ status }) => status === "refused");
  const run = () =>
    start.mutate(
      { ...asked(form), expect_count: count, idempotency_key: key },
      { onSuccess: ({ run_id }) => navigate(`/runs/${encodeURIComponent(run_id)}`) },
    );
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={count === 1 ? "Run on 1 server?" : `Run on ${count} servers?`}
    >
      <div className="grid gap-3">
        <Meant plan={plan} />
        <pre className="max-h-40 overflow-auto rounded-md bg-raised p-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
          {visibleLines(form.command)}
        </pre>
        <CliCommand
          command={commandCommands.exec(plan.target, form.command, execOptions(form, count))}
        />
        <Complaint error={start.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" disabled={none || start.isPending || start.isSuccess} onClick={run}>
            {start.isPending ? "Starting …" : "Run"}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Meant({ plan }: { plan: RunPlan }) {
  const away = plan.servers.filter(({ status }) => status !== "online");
  return (
    <>
      {away.length > 0 && (
        <div role="alert" className="text-sm text-warn">
          <p>{wouldNot(plan)}</p>
          <ul className="list-disc pl-5">
            {reasons(plan).map((reason) => (
              <li key={reason} className="break-words">
                {visible(reason)}
              </li>
            ))}
          </ul>
        </div>
      )}
      <ul
        aria-label="Servers"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
        tabIndex={0}
        className="flex max-h-48 flex-wrap gap-x-4 gap-y-1.5 overflow-auto rounded-md border p-2 text-sm"
      >
        {[...away, ...plan.servers.filter(({ status }) => status === "online")].map((one) => (
          <li key={one.server} className="flex items-center gap-1.5">
            {one.server} <Badge tone={TONES[one.status]}>{one.status}</Badge>
          </li>
        ))}
      </ul>
    </>
  );
}
