import { type FormEvent, useState } from "react";
import { useShare, useShares, useUnshare } from "@/api/servers";
import type { ServerDetail, Share } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { Choice } from "@/parts/Choice";
import { CliCommand, CopyButton } from "@/parts/CliCommand";
import { Complaint, Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Table, Td, Th } from "@/ui/table";

type Given = "viewer" | "operator";

/** Who else may see the server, or work on it; the server stays its owner's. */
export function ShareServer({ server, onClose }: { server: ServerDetail; onClose: () => void }) {
  const shares = useShares(server.id);
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={`Share ${server.name}`}
      description="Another account may do here what its own role allows, and at most what you give it. Keys, tags and shares stay with the owner."
    >
      <div className="grid gap-5">
        <Loaded query={shares} empty="It is shared with nobody.">
          {(all) => <Shares server={server} shares={all} />}
        </Loaded>
        <Give server={server} />
      </div>
    </Dialog>
  );
}

function Shares({ server, shares }: { server: ServerDetail; shares: Share[] }) {
  const unshare = useUnshare(server.id);
  return (
    <div className="grid gap-2">
      <Table aria-label="Shares">
        <thead>
          <tr>
            <Th>User</Th>
            <Th>Role</Th>
            <Th>Since</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {shares.map((share) => (
            <tr key={share.user}>
              <Td className="font-medium">{share.user}</Td>
              <Td>
                {share.role}
                {share.effective !== share.role && (
                  <span className="text-faint"> (its account is {share.effective} only)</span>
                )}
              </Td>
              <Td>
                <Age time={share.created_at} />
              </Td>
              <Td className="flex justify-end gap-1">
                <CopyButton
                  text={serverCommands.unshare(server.name, share.user)}
                  label={`Copy the command that takes back the share of ${share.user}`}
                />
                <Button
                  size="small"
                  look="danger"
                  aria-label={`Take back the share of ${share.user}`}
                  disabled={unshare.isPending}
                  onClick={() => unshare.mutate(share.user)}
                >
                  Take back
                </Button>
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
      <Complaint error={unshare.error} />
    </div>
  );
}

function Give({ server }: { server: ServerDetail }) {
  const share = useShare(server.id);
  const [user, setUser] = useState("");
  const [role, setRole] = useState<Given>("viewer");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    share.mutate({ user, role }, { onSuccess: () => setUser("") });
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <TextField
          label="User"
          fieldClass="min-w-40 flex-1"
          required
          value={user}
          change={setUser}
        />
        <Choice
          label="May"
          className="w-48"
          value={role}
          change={(value) => setRole(value as Given)}
          options={[
            ["viewer", "look (viewer)"],
            ["operator", "work on it (operator)"],
          ]}
        />
        <Button type="submit" look="main" disabled={share.isPending}>
          Share
        </Button>
      </div>
      <Complaint error={share.error} />
      <CliCommand command={serverCommands.share(server.name, user, role)} />
    </form>
  );
}
