import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useUsers } from "@/api/settings";
import type { User } from "@/api/types";
import { userCommands } from "@/lib/commands/settings";
import { clock } from "@/lib/format";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { MakeUser } from "./MakeUser";
import { SettingsPage } from "./SettingsPage";
import { UserMenu } from "./UserMenu";

export function Component() {
  const users = useUsers();
  const [making, setMaking] = useState(false);
  const make = (
    <Button look="main" onClick={() => setMaking(true)}>
      <UserPlus /> Make an account
    </Button>
  );
  return (
    <SettingsPage title="Users" needs="admin" actions={make}>
      <CliCommand command={userCommands.list()} />
      <Loaded query={users}>{(all) => <UserTable users={all} />}</Loaded>
      {making && <MakeUser onClose={() => setMaking(false)} />}
    </SettingsPage>
  );
}

function UserTable({ users }: { users: User[] }) {
  return (
    <Table aria-label="Users" className="[&_td]:align-middle">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>Role</Th>
          <Th>State</Th>
          <Th className="max-md:hidden">Since</Th>
          <Th>Last sign-in</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id}>
            <Td className="font-medium">{user.name}</Td>
            <Td>{user.role}</Td>
            <Td>
              <Badge tone={user.disabled ? "bad" : "good"}>
                {user.disabled ? "disabled" : "active"}
              </Badge>
            </Td>
            <Td className="whitespace-nowrap tabular-nums max-md:hidden">
              {clock(user.created_at)}
            </Td>
            <Td className="whitespace-nowrap tabular-nums">
              <Age time={user.last_login} />
              {user.last_login && " ago"}
            </Td>
            <Td className="text-right">
              <UserMenu user={user} users={users} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
