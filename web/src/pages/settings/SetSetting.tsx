import { type FormEvent, useState } from "react";
import { useSetSetting } from "@/api/settings";
import type { Setting } from "@/api/types";
import { settingCommands } from "@/lib/commands/settings";
import { valueText } from "@/lib/settings";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

const HINTS: Record<Setting["kind"], string> = {
  text: "a word, as the hub knows it",
  int: "a whole number",
  duration: "a duration: 30s, 12h, 30d",
  size: "a size: 64KiB, 10GB",
};

export function SetSetting({ setting, onClose }: { setting: Setting; onClose: () => void }) {
  const set = useSetSetting(setting.key);
  const [value, setValue] = useState(setting.text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const onSuccess = (changed: Setting) => {
      toast(`${setting.key} is ${valueText(changed)} from now on.`);
      onClose();
    };
    set.mutate(value, { onSuccess });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Change ${setting.key}`}
      description={setting.meaning}
    >
      <form onSubmit={submit} className="grid grid-cols-1 gap-4">
        <TextField
          label="Value"
          hint={HINTS[setting.kind]}
          required
          value={value}
          change={setValue}
        />
        <Complaint error={set.error} />
        <CliCommand command={settingCommands.set(setting.key, value)} />
        <Button type="submit" look="main" disabled={set.isPending}>
          Set
        </Button>
      </form>
    </Dialog>
  );
}
