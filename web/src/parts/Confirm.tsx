import { type ReactNode, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { CliCommand } from "./CliCommand";
import { Complaint } from "./Loaded";

interface Props {
  title: string;
  text: ReactNode;
  /** What the button says: a verb. */
  action: string;
  command: string;
  /** What can be undone looks less grave. */
  look?: "danger" | "main";
  run: () => Promise<unknown>;
  onClose: () => void;
}

/** Asked before what cannot be taken back. Stays open, and says why, when it fails. */
export function Confirm({ title, text, action, command, look = "danger", run, onClose }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await run();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={title} description={text}>
      <div className="grid gap-3">
        <CliCommand command={command} />
        <Complaint error={error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look={look} disabled={busy} onClick={go}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
