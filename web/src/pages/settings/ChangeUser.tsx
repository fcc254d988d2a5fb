import { type FormEvent, type ReactNode, useState } from "react";
import { useDeleteUser, useUpdateUser } from "@/api/settings";
import type { Role, User } from "@/api/types";
import { userCommands } from "@/lib/commands/settings";
import { Choice } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { ROLES } from "./MakeUser";

interface FormProps {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  command: string;
  /** What is done; `pending` and `error` say how it goes. */
  change: { pending: boolean; error: unknown; run: (done: () => void) => void };
  done: string;
  onClose: () => void;
  children: ReactNode;
}

/** A window with one thing to say about an account. */
function UserForm(props: FormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.change.run(() => {
      toast(props.done);
      props.onClose();
    });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title={props.title}
      description={props.text}
    >
      <form onSubmit={submit} className="grid grid-cols-1 gap-4">
        {props.children}
        <Complaint error={props.change.error} />
        <CliCommand command={props.command} />
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            look={props.danger ? "danger" : "main"}
            disabled={props.change.pending}
          >
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface Props {
  user: User;
  onClose: () => void;
}

export function SetRole({ user, onClose }: Props) {
  const update = useUpdateUser(user.id);
  const [role, setRole] = useState<Role>(user.role);
  const run = (onSuccess: () => void) => update.mutate({ role }, { onSuccess });
  return (
    <UserForm
      title={`The role of ${user.name}`}
      text="Its sessions end, so that the new role counts at once."
      action="Set the role"
      command={userCommands.setRole(user.name, role)}
      change={{ pending: update.isPending, error: update.error, run }}
      done={`${user.name} is ${role}.`}
      onClose={onClose}
    >
      <Choice
        label="Role"
        value={role}
        change={(value) => setRole(value as Role)}
        options={ROLES}
      />
    </UserForm>
  );
}

export function ResetPassword({ user, onClose }: Props) {
  const update = useUpdateUser(user.id);
  const [password, setPassword] = useState("");
  const run = (onSuccess: () => void) => update.mutate({ password }, { onSuccess });
  return (
    <UserForm
      title={`A new password for ${user.name}`}
      text="The account's sessions end. Its API tokens stay good."
      action="Reset the password"
      command={userCommands.resetPassword(user.name)}
      change={{ pending: update.isPending, error: update.error, run }}
      done={`${user.name} has a new password.`}
      onClose={onClose}
    >
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        required
        value={password}
        change={setPassword}
      />
    </UserForm>
  );
}

export function DeleteUser({ user, users, onClose }: Props & { users: User[] }) {
  const remove = useDeleteUser(user.id);
  const [to, setTo] = useState("");
  const others = users.filter((other) => other.id !== user.id).map(({ name }) => name);
  const run = (onSuccess: () => void) => remove.mutate(to, { onSuccess });
  return (
    <UserForm
      title={`Delete ${user.name}`}
      text="Its sessions and tokens end. Its servers, rules and silences go to who gets them; what it did stays in the audit trail."
      action="Delete"
      danger
      command={userCommands.delete(user.name, to)}
      change={{ pending: remove.isPending, error: remove.error, run }}
      done={`${user.name} is deleted.`}
      onClose={onClose}
    >
      <Choice
        label="Who gets its servers"
        hint="needed if it owns some"
        value={to}
        change={setTo}
        options={[["", "nobody: it owns none"], ...others]}
      />
    </UserForm>
  );
}
