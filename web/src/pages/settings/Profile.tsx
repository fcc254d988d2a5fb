import { type FormEvent, useState } from "react";
import { useChangePassword, useMe } from "@/api/auth";
import { accountCommands } from "@/lib/commands/settings";
import { clock } from "@/lib/format";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Complaint, Loaded } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { useSession } from "@/stores/session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { toast } from "@/ui/toast";
import { SettingsPage } from "./SettingsPage";

const MAY: Record<string, string> = {
  viewer: "looks at the servers that are shared with it",
  operator: "also changes and runs what it may on its own servers and on those shared for that",
  admin: "sees and does everything, accounts and settings too",
};

export function Component() {
  const me = useMe();
  return (
    <SettingsPage title="Profile">
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Card title="Who you are">
          <Loaded query={me}>
            {(user) => (
              <div className="grid grid-cols-1 gap-3">
                <Facts
                  facts={[
                    ["name", user.name],
                    ["role", `${user.role}: ${MAY[user.role]}`],
                    ["account since", clock(user.created_at)],
                    ["last sign-in", clock(user.last_login)],
                  ]}
                />
                <CliCommand command={accountCommands.whoami()} />
              </div>
            )}
          </Loaded>
        </Card>
        <Card title="Change the password">
          <PasswordForm user={me.data?.name ?? ""} />
        </Card>
      </div>
    </SettingsPage>
  );
}

const BLANK = { current: "", fresh: "", again: "" };

function PasswordForm({ user }: { user: string }) {
  const change = useChangePassword();
  const [said, setSaid] = useState(BLANK);
  const set = (name: keyof typeof BLANK) => (value: string) => setSaid({ ...said, [name]: value });
  const differ = said.again && said.fresh !== said.again ? "the two are not the same" : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const onSuccess = () => {
      toast("The password is changed, and all sessions have ended: sign in again.");
      useSession.getState().end();
    };
    change.mutate({ current: said.current, new: said.fresh }, { onSuccess });
  };
  return (
    <form onSubmit={submit} className="grid grid-cols-1 gap-4">
      {/* For password managers: whose password it is. */}
      <input type="text" autoComplete="username" value={user} readOnly hidden />
      <TextField
        label="Present password"
        type="password"
        autoComplete="current-password"
        required
        value={said.current}
        change={set("current")}
      />
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        required
        value={said.fresh}
        change={set("fresh")}
      />
      <TextField
        label="New password again"
        type="password"
        autoComplete="new-password"
        required
        error={differ}
        value={said.again}
        change={set("again")}
      />
      <p className="text-sm text-faint">
        All your sessions end, this one too. API tokens stay good.
      </p>
      <Complaint error={change.error} />
      <CliCommand command={accountCommands.passwd()} />
      <Button type="submit" look="main" disabled={change.isPending || Boolean(differ)}>
        Change the password
      </Button>
    </form>
  );
}
