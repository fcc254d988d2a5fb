import { type FormEvent, useState } from "react";
import { useAckAlert, useResolveAlert } from "@/api/alerts";
import { useRoleOn } from "@/api/servers";
import type { Alert } from "@/api/types";
import { targetOf, watched } from "@/lib/alerts";
import { alertCommands } from "@/lib/commands/alerts";
import { atLeast } from "@/lib/roles";
import { visible } from "@/lib/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Textarea } from "@/ui/field";
import { toast } from "@/ui/toast";
import { AddSilence } from "./AddSilence";
import { CliCommand } from "./CliCommand";
import { Confirm } from "./Confirm";
import { Complaint } from "./Loaded";

/** What may be done about an alert: nothing by who may only look at its server. */
export function AlertActions({ alert }: { alert: Alert }) {
  const role = useRoleOn(alert.server);
  const [asked, setAsked] = useState<"ack" | "resolve" | "silence" | null>(null);
  const close = () => setAsked(null);
  const resolve = useResolveAlert(alert.id);
  const open = alert.state === "firing" || alert.state === "acknowledged";
  if (!open || !atLeast(role, "operator")) return null;
  return (
    <div className="flex flex-wrap gap-1.5">
      {alert.state === "firing" && (
        <Button size="small" onClick={() => setAsked("ack")}>
          Acknowledge
        </Button>
      )}
      <Button size="small" onClick={() => setAsked("resolve")}>
        Resolve
      </Button>
      <Button size="small" onClick={() => setAsked("silence")}>
        Silence
      </Button>
      {asked === "ack" && <Acknowledge alert={alert} onClose={close} />}
      {asked === "resolve" && (
        <Confirm
          title={`Resolve ${alert.threshold_name}`}
          text={`${visible(alert.message)}. If its rule goes on to hold, it comes again five minutes later.`}
          action="Resolve"
          command={alertCommands.resolve(alert.id)}
          run={() => resolve.mutateAsync()}
          onClose={close}
        />
      )}
      {asked === "silence" && (
        <AddSilence target={targetOf(alert)} metric={watched(alert)} onClose={close} />
      )}
    </div>
  );
}

function Acknowledge({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const ack = useAckAlert(alert.id);
  const [comment, setComment] = useState("");
  const said = comment.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const onSuccess = () => {
      toast(`You take care of ${alert.threshold_name}.`);
      onClose();
    };
    ack.mutate(said || null, { onSuccess });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Acknowledge ${alert.threshold_name}`}
      description={`${visible(alert.message)}. Nobody is reminded of it any more.`}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field label="Comment" hint="what others should know, if anything">
          {(props) => (
            <Textarea
              {...props}
              maxLength={500}
              value={comment}
              onChange={(event) => setComment(event.target.value)}
            />
          )}
        </Field>
        <Complaint error={ack.error} />
        <CliCommand command={alertCommands.ack(alert.id, said)} />
        <Button type="submit" look="main" disabled={ack.isPending}>
          Acknowledge
        </Button>
      </form>
    </Dialog>
  );
}
