import { type FormEvent, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useUpdateServer } from "@/api/servers";
import type { ServerDetail } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

export function RenameServer({ server, onClose }: { server: ServerDetail; onClose: () => void }) {
  const [name, setName] = useState(server.name);
  const update = useUpdateServer(server.id);
  const goOn = useSamePage();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate(
      { name },
      {
        onSuccess: (renamed) => {
          onClose();
          goOn(renamed.name);
        },
      },
    );
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Rename ${server.name}`}
      description="Its id, keys, history and shares stay."
    >
      <form onSubmit={submit} className="grid gap-4">
        <TextField
          label="New name"
          hint="letters, digits, dot, dash, underscore: web-1"
          required
          maxLength={63}
          value={name}
          change={setName}
        />
        <Complaint error={update.error} />
        <CliCommand command={serverCommands.rename(server.name, name)} />
        <Button
          type="submit"
          look="main"
          disabled={update.isPending || !name || name === server.name}
        >
          Rename
        </Button>
      </form>
    </Dialog>
  );
}

/** The same page of a server under its new name: the old one leads nowhere. */
function useSamePage(): (name: string) => void {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  return (name) => {
    const [, , , ...rest] = pathname.split("/");
    navigate(["/servers", encodeURIComponent(name), ...rest].join("/") + search, { replace: true });
  };
}
