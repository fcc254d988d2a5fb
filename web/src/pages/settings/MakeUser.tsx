import { type FormEvent, useState } from "react";
import { useCreateUser } from "@/api/settings";
import type { Role } from "@/api/types";
import { userCommands } from "@/lib/commands/settings";
import { Choice } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

export const ROLES: Role[] = ["viewer", "operator", "admin"];

export function MakeUser({ onClose }: { onClose: () => void }) {
  const create = useCreateUser();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const onSuccess = () => {
      toast(`The account ${name} is made.`);
      onClose();
    };
    create.mutate({ name, password, role }, { onSuccess });
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Make an account">
      <form onSubmit={submit} className="grid grid-cols-1 gap-4">
        <TextField label="Name" required maxLength={63} value={name} change={setName} />
        <TextField
          label="Password"
          hint="tell it to its owner, who changes it"
          type="password"
          autoComplete="new-password"
          required
          value={password}
          change={setPassword}
        />
        <Choice
          label="Role"
          value={role}
          change={(value) => setRole(value as Role)}
          options={ROLES}
        />
        <Complaint error={create.error} />
        <CliCommand command={userCommands.create(name, role)} />
        <Button type="submit" look="main" disabled={create.isPending}>
          Make the account
        </Button>
      </form>
    </Dialog>
  );
}
