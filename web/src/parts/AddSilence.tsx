import { type FormEvent, useState } from "react";
import { useAddSilence } from "@/api/alerts";
import { attempt } from "@/lib/attempt";
import { silenceCommands } from "@/lib/commands/alerts";
import { parseDuration } from "@/lib/units";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { CliCommand } from "./CliCommand";
import { Complaint } from "./Loaded";
import { MetricField } from "./MetricField";
import { TextField } from "./TextField";

interface Props {
  target?: string;
  metric?: string;
  onClose: () => void;
}

/** Tell nobody of alerts of some servers for a while. */
export function AddSilence({ target = "", metric = "", onClose }: Props) {
  const add = useAddSilence();
  const [said, setSaid] = useState({ target, metric, for: "1h", comment: "" });
  const [seconds, wrong] = attempt(() => positive(parseDuration(said.for)));
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (seconds === undefined) return;
    const onSuccess = () => {
      toast(`${said.target}: nobody is told for ${said.for}.`);
      onClose();
    };
    const { target, metric, comment } = said;
    add.mutate(
      { target, for_s: seconds, metric: metric || null, comment: comment || null },
      { onSuccess },
    );
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Add a silence"
      description="It keeps people from being told, not an alert from being. What fires meanwhile and still does when it ends is told then."
    >
      <form onSubmit={submit} className="grid gap-4">
        <TextField
          label="Servers"
          hint="web-1, web-1,web-2, web-*, tag:env=prod, all; ! leaves out"
          required
          value={said.target}
          change={set("target")}
        />
        <TextField
          label="For"
          hint="it ends by itself then: 30m, 2h, 7d"
          required
          error={said.for ? wrong : undefined}
          value={said.for}
          change={set("for")}
        />
        <MetricField
          label="Metric"
          hint="only this one; without one all"
          target={said.target}
          value={said.metric}
          change={set("metric")}
        />
        <TextField
          label="Comment"
          hint="what others should know, if anything"
          maxLength={500}
          autoCapitalize="sentences"
          value={said.comment}
          change={set("comment")}
        />
        <Complaint error={add.error} />
        <CliCommand command={silenceCommands.add(said)} />
        <Button type="submit" look="main" disabled={add.isPending || Boolean(wrong)}>
          Silence
        </Button>
      </form>
    </Dialog>
  );
}

function positive(seconds: number): number {
  if (seconds <= 0) throw new Error("longer than nothing, like 30m");
  return seconds;
}
