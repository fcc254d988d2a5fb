import { type FormEvent, useState } from "react";
import { useCreateKey } from "@/api/keys";
import type { ApiKeyCreated } from "@/api/types";
import { attempt } from "@/lib/attempt";
import { serverPageCommands } from "@/lib/commands/server";
import { clock } from "@/lib/format";
import { pasteLine, plainElsewhere } from "@/lib/servers";
import { visible } from "@/lib/text";
import { parseDuration } from "@/lib/units";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { useOnce } from "@/parts/once";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

interface Props {
  server: string;
  onClose: () => void;
}

/** A name and an end, then the key, which is shown this once. */
export function CreateKey({ server, onClose }: Props) {
  const [made, setMade] = useState<ApiKeyCreated | null>(null);
  const { hold, copied } = useOnce(made);
  return (
    <Dialog
      open
      hold={hold}
      onOpenChange={(open) => !open && onClose()}
      title={made ? `The key ${visible(made.name)}` : `Make a key for ${server}`}
    >
      {made ? (
        <Made made={made} onCopied={copied} onClose={onClose} />
      ) : (
        <Ask server={server} onMade={setMade} />
      )}
    </Dialog>
  );
}

function Ask({ server, onMade }: { server: string; onMade: (key: ApiKeyCreated) => void }) {
  const create = useCreateKey();
  const [name, setName] = useState("default");
  const [expires, setExpires] = useState("");
  const [seconds, wrong] = attempt(() => (expires ? parseDuration(expires) : null));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong || seconds === undefined) return;
    create.mutate({ server, name, expires_in: seconds }, { onSuccess: onMade });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <TextField
        label="Name"
        hint="to tell it from others"
        required
        value={name}
        change={setName}
      />
      <TextField
        label="Expires after"
        hint="90d, 12h; left empty it holds until it is revoked"
        error={wrong}
        placeholder="never"
        value={expires}
        change={(value) => setExpires(value.trim())}
      />
      <Complaint error={create.error} />
      <CliCommand command={serverPageCommands.createKey(server, name, expires)} />
      <Button type="submit" look="main" disabled={create.isPending || Boolean(wrong)}>
        Make the key
      </Button>
    </form>
  );
}

interface MadeProps {
  made: ApiKeyCreated;
  onCopied: () => void;
  onClose: () => void;
}

function Made({ made, onCopied, onClose }: MadeProps) {
  const insecure = plainElsewhere(window.location);
  return (
    <div className="grid gap-4 text-sm">
      <p>
        It is shown this once; whoever has it can be this server.{" "}
        {made.expires_at ? `It expires at ${clock(made.expires_at)}.` : "It does not expire."}
      </p>
      <div className="grid gap-1">
        <h3 className="font-medium">The key alone</h3>
        <CliCommand command={made.key} onCopied={onCopied} />
      </div>
      <div className="grid gap-1">
        <h3 className="font-medium">What to run on the target</h3>
        <CliCommand
          command={pasteLine(made.join, { monitorOnly: false, insecure })}
          onCopied={onCopied}
        />
      </div>
      <Button look="main" className="justify-self-end" onClick={onClose}>
        I have it
      </Button>
    </div>
  );
}
