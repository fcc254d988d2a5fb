import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/api/auth";
import { useUpdateUser } from "@/api/settings";
import type { User } from "@/api/types";
import { userCommands } from "@/lib/commands/settings";
import { Confirm } from "@/parts/Confirm";
import { Button } from "@/ui/button";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { DeleteUser, ResetPassword, SetRole } from "./ChangeUser";

type Asked = "role" | "password" | "switch" | "delete";

/** What an administrator may do about an account. What the hub refuses, it says why. */
export function UserMenu({ user, users }: { user: User; users: User[] }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Menu
        trigger={
          <Button size="small" aria-label={`Change ${user.name}`}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setAsked("role")}>Change the role</MenuItem>
        <MenuItem onSelect={() => setAsked("password")}>Reset the password</MenuItem>
        <MenuItem onSelect={() => setAsked("switch")}>
          {user.disabled ? "Enable" : "Disable"}
        </MenuItem>
        <MenuLine />
        <MenuItem danger onSelect={() => setAsked("delete")}>
          Delete
        </MenuItem>
      </Menu>
      {asked === "role" && <SetRole user={user} onClose={close} />}
      {asked === "password" && <ResetPassword user={user} onClose={close} />}
      {asked === "switch" && <Switch user={user} onClose={close} />}
      {asked === "delete" && <DeleteUser user={user} users={users} onClose={close} />}
    </>
  );
}

function Switch({ user, onClose }: { user: User; onClose: () => void }) {
  const update = useUpdateUser(user.id);
  const mine = useMe().data?.id === user.id;
  const word = user.disabled ? "Enable" : "Disable";
  return (
    <Confirm
      title={`${word} ${user.name}`}
      text={
        user.disabled
          ? "The account may sign in again."
          : `The account cannot sign in any more, and its sessions end.${mine ? " It is your own: this one ends too." : ""}`
      }
      action={word}
      command={user.disabled ? userCommands.enable(user.name) : userCommands.disable(user.name)}
      run={() => update.mutateAsync({ disabled: !user.disabled })}
      onClose={onClose}
    />
  );
}
