import { type FormEvent, useState } from "react";
import { useMe } from "@/api/auth";
import { useCreateToken } from "@/api/settings";
import type { TokenCreated } from "@/api/types";
import { attempt } from "@/lib/attempt";
import { tokenCommands } from "@/lib/commands/settings";
import { atLeast } from "@/lib/roles";
import { parseDuration } from "@/lib/units";
import { Choice } from "@/parts/Choice";
import { CliCommand, CopyButton } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { useOnce } from "@/parts/once";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

/** Asked for, then shown this once. */
export function MakeToken({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<TokenCreated | null>(null);
  const { hold, copied } = useOnce(made);
  return (
    <Dialog
      open
      hold={hold}
      onOpenChange={(open) => !open && onClose()}
      title={made ? `The token ${made.name}` : "Make a token"}
    >
      {made ? <Shown token={made} onCopied={copied} onClose={onClose} /> : <Ask onMade={setMade} />}
    </Dialog>
  );
}

function Ask({ onMade }: { onMade: (token: TokenCreated) => void }) {
  const me = useMe();
  const create = useCreateToken();
  const [said, setSaid] = useState({ name: "", role: "viewer", servers: "", expires: "90d" });
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const [seconds, wrong] = attempt(() => (said.expires ? parseDuration(said.expires) : null));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (seconds === undefined) return;
    const role = said.role === "operator" ? "operator" : "viewer";
    create.mutate(
      { name: said.name, role, servers: said.servers || null, expires_in: seconds },
      { onSuccess: onMade },
    );
  };
  const roles = atLeast(me.data?.role, "operator") ? ["viewer", "operator"] : ["viewer"];
  return (
    <form onSubmit={submit} className="grid grid-cols-1 gap-4">
      <TextField
        label="Name"
        hint="what to call it: ci"
        required
        maxLength={63}
        value={said.name}
        change={set("name")}
      />
      <Choice
        label="Role"
        hint="what it may do at most; never more than you"
        value={said.role}
        change={set("role")}
        options={roles}
      />
      <TextField
        label="Servers"
        hint="the only ones it is for: web-*, tag:env=prod; empty: all that you may see"
        value={said.servers}
        change={set("servers")}
      />
      <TextField
        label="Expires in"
        hint="30d, 12h; empty: never"
        error={wrong}
        value={said.expires}
        change={set("expires")}
      />
      <Complaint error={create.error} />
      <CliCommand command={tokenCommands.create(said)} />
      <Button type="submit" look="main" disabled={create.isPending || Boolean(wrong)}>
        Make the token
      </Button>
    </form>
  );
}

interface ShownProps {
  token: TokenCreated;
  onCopied: () => void;
  onClose: () => void;
}

function Shown({ token, onCopied, onClose }: ShownProps) {
  return (
    <div className="grid grid-cols-1 gap-4 text-sm">
      <p>It is shown this once. Whoever has it may do what it may.</p>
      <div className="flex items-end gap-2">
        <TextField
          label="Token"
          readOnly
          fieldClass="flex-1"
          className="font-mono text-xs"
          value={token.token}
          change={() => undefined}
        />
        <CopyButton text={token.token} label="Copy the token" onCopied={onCopied} />
      </div>
      <div className="flex justify-end">
        <Button look="main" onClick={onClose}>
          I have it
        </Button>
      </div>
    </div>
  );
}
