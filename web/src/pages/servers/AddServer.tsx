import { Check, LoaderCircle } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { Link } from "react-router";
import { useAddServer, useServer } from "@/api/servers";
import type { ServerCreated } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { parseTags, pasteLine, plainElsewhere } from "@/lib/servers";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { useOnce } from "@/parts/once";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox } from "@/ui/field";

/** A name, then the line to paste on the target, then the target's arrival, as it happens. */
export function AddServer({ onClose }: { onClose: () => void }) {
  const [added, setAdded] = useState<ServerCreated | null>(null);
  const { hold, copied } = useOnce(added);
  return (
    <Dialog
      open
      hold={hold}
      onOpenChange={(open) => !open && onClose()}
      title={added ? `Connect ${added.name}` : "Add a server"}
    >
      {added ? (
        <Connect added={added} onUsed={copied} onClose={onClose} />
      ) : (
        <Ask onAdded={setAdded} />
      )}
    </Dialog>
  );
}

function Ask({ onAdded }: { onAdded: (server: ServerCreated) => void }) {
  const add = useAddServer();
  const [name, setName] = useState("");
  const [tags, setTags] = useState("");
  const [parsed, wrong] = tagsOf(tags);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) add.mutate({ name, tags: parsed, key: true }, { onSuccess: onAdded });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <TextField
        label="Name"
        hint="letters, digits, dot, dash, underscore: web-1"
        required
        value={name}
        change={setName}
      />
      <TextField
        label="Tags"
        hint="to choose servers by, if you like: env=prod role=web"
        error={wrong}
        value={tags}
        change={setTags}
      />
      <Complaint error={add.error} />
      <CliCommand command={serverCommands.add(name, parsed)} />
      <Button type="submit" look="main" disabled={add.isPending}>
        Add
      </Button>
    </form>
  );
}

function tagsOf(text: string): [Record<string, string>, string | undefined] {
  try {
    return [parseTags(text), undefined];
  } catch (error) {
    return [{}, error instanceof Error ? error.message : String(error)];
  }
}

interface ConnectProps {
  added: ServerCreated;
  /** The key is out of this window: copied, or already used. */
  onUsed: () => void;
  onClose: () => void;
}

function Connect({ added, onUsed, onClose }: ConnectProps) {
  const [monitorOnly, setMonitorOnly] = useState(false);
  const server = useServer(added.name);
  const online = server.data?.status === "online";
  const insecure = plainElsewhere(window.location);
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once, when it is connected
  useEffect(() => {
    if (online) onUsed();
  }, [online]);
  return (
    <div className="grid gap-4 text-sm">
      <p>
        Run this on the target. The key in it is shown this once; whoever has it can be this server.
      </p>
      <CliCommand
        command={pasteLine(added.key?.join ?? "", { monitorOnly, insecure })}
        onCopied={onUsed}
      />
      <label className="flex items-center gap-2">
        <Checkbox
          checked={monitorOnly}
          onChange={(event) => setMonitorOnly(event.target.checked)}
        />
        only watch: the hub may run nothing there
      </label>
      <p role="status" className="flex items-center gap-2">
        {online ? (
          <>
            <Check className="size-4 text-good" aria-hidden /> {added.name} is connected
            {server.data?.address && ` from ${server.data.address}`}.
          </>
        ) : (
          <>
            <LoaderCircle className="size-4 animate-spin" aria-hidden /> waiting for it to connect …
          </>
        )}
      </p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{online ? "Close" : "I have it"}</Button>
        {online && (
          <Button asChild look="main">
            <Link to={`/servers/${encodeURIComponent(added.name)}`}>Open {added.name}</Link>
          </Button>
        )}
      </div>
    </div>
  );
}
