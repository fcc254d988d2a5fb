import { type FormEvent, useState } from "react";
import { useAddChannel } from "@/api/settings";
import { attempt } from "@/lib/attempt";
import { channelCommands } from "@/lib/commands/settings";
import { parseDuration } from "@/lib/units";
import { Choice } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox } from "@/ui/field";
import { toast } from "@/ui/toast";

const BLANK = { name: "", url: "", severity: "info", target: "all", remind: "", secret: "" };

/** Where alerts are to be told. */
export function AddChannel({ onClose }: { onClose: () => void }) {
  const add = useAddChannel();
  const [said, setSaid] = useState(BLANK);
  const [insecure, setInsecure] = useState(false);
  const set = (name: keyof typeof BLANK) => (value: string) => setSaid({ ...said, [name]: value });
  const [remind_s, wrong] = attempt(() => (said.remind ? parseDuration(said.remind) : null));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (remind_s === undefined) return;
    const { remind, secret, ...channel } = said;
    const onSuccess = () => {
      toast(`${said.name} is added: send a test to it.`);
      onClose();
    };
    add.mutate({ ...channel, remind_s, secret: secret || null, insecure }, { onSuccess });
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Add a channel">
      <form onSubmit={submit} className="grid grid-cols-1 gap-4">
        <TextField label="Name" required maxLength={63} value={said.name} change={set("name")} />
        <TextField
          label="URL"
          hint="a webhook, or one of Apprise: mailto://, slack://, ntfy:// and more; kept encrypted"
          required
          value={said.url}
          change={set("url")}
        />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Choice
            label="From severity"
            value={said.severity}
            change={set("severity")}
            options={["info", "warning", "critical"]}
          />
          <TextField
            label="Servers"
            hint="all, web-*, tag:env=prod"
            required
            value={said.target}
            change={set("target")}
          />
          <TextField
            label="Remind every"
            hint="until acknowledged: 1h; empty: not"
            error={wrong}
            value={said.remind}
            change={set("remind")}
          />
          <TextField
            label="Secret"
            hint="signs what a webhook gets"
            type="password"
            autoComplete="new-password"
            value={said.secret}
            change={set("secret")}
          />
        </div>
        <label className="flex items-center gap-2 text-sm">
          <Checkbox checked={insecure} onChange={(event) => setInsecure(event.target.checked)} />
          allow plain HTTP to another machine
        </label>
        <Complaint error={add.error} />
        <CliCommand command={channelCommands.add({ ...said, insecure })} />
        <Button type="submit" look="main" disabled={add.isPending || Boolean(wrong)}>
          Add
        </Button>
      </form>
    </Dialog>
  );
}
