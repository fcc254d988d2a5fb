import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useVerifyAudit } from "@/api/audit";
import type { AuditVerdict } from "@/api/types";
import { verdictText } from "@/lib/audit";
import { cn } from "@/lib/cn";
import { auditCommands } from "@/lib/commands/audit";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { Button } from "@/ui/button";

/** Whether any record was changed, removed, added or reordered. */
export function Verify() {
  const verify = useVerifyAudit();
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={verify.isPending} onClick={() => verify.mutate()}>
          <ShieldCheck /> {verify.isPending ? "Verifying …" : "Verify the trail"}
        </Button>
        <div className="min-w-0 flex-1">
          <CliCommand command={auditCommands.verify()} />
        </div>
      </div>
      <Complaint error={verify.error} />
      {verify.data && <Verdict verdict={verify.data} />}
    </div>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  const Icon = verdict.ok ? ShieldCheck : ShieldAlert;
  const [first, ...more] = verdictText(verdict);
  return (
    <div
      role={verdict.ok ? "status" : "alert"}
      className={cn(
        "flex gap-3 rounded-md border bg-card p-3 text-sm",
        verdict.ok ? "border-good" : "border-bad",
      )}
    >
      <Icon className={cn("size-5 shrink-0", verdict.ok ? "text-good" : "text-bad")} aria-hidden />
      <div className="min-w-0">
        <p className="font-medium">{first}</p>
        {more.map((sentence) => (
          <p key={sentence} className="text-faint">
            {sentence}
          </p>
        ))}
      </div>
    </div>
  );
}
