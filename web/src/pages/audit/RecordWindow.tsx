import type { AuditRecord } from "@/api/types";
import { recordText } from "@/lib/audit";
import { CopyButton } from "@/parts/CliCommand";
import { Dialog } from "@/ui/dialog";

/** All of a record, as text: what stands in it came from anywhere. */
export function RecordWindow({ record, onClose }: { record: AuditRecord; onClose: () => void }) {
  const text = recordText(record);
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Record ${record.id}: ${record.action}`}
    >
      <div className="relative rounded-md border bg-raised">
        <div className="absolute top-1 right-1">
          <CopyButton text={text} label="Copy the record" />
        </div>
        <pre className="p-3 pr-10 font-mono text-xs wrap-anywhere whitespace-pre-wrap">{text}</pre>
      </div>
    </Dialog>
  );
}
