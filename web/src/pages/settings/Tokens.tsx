import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/api/auth";
import { useRevokeToken, useTokens } from "@/api/settings";
import type { Token } from "@/api/types";
import { tokenCommands } from "@/lib/commands/settings";
import { clock } from "@/lib/format";
import { atLeast } from "@/lib/roles";
import { useFilters } from "@/lib/useFilters";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { LateInput } from "@/parts/LateInput";
import { Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { MakeToken } from "./MakeToken";
import { SettingsPage } from "./SettingsPage";

export function Component() {
  const me = useMe();
  const [{ user }, change] = useFilters({ user: "" });
  const tokens = useTokens(user);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const revoke = useRevokeToken();
  const make = (
    <Button look="main" onClick={() => setMaking(true)}>
      <KeyRound /> Make a token
    </Button>
  );
  return (
    <SettingsPage title="API tokens" actions={make}>
      <p className="text-sm text-faint">
        For programs, instead of a password: as CHATOPS_TOKEN for chatops, or as bearer of a
        request.
      </p>
      <div className="flex flex-wrap items-center gap-2">
        {atLeast(me.data?.role, "admin") && (
          <LateInput
            type="search"
            aria-label="Whose tokens"
            placeholder="your own; or a user's name"
            className="w-60"
            value={user}
            change={(name) => change({ user: name })}
          />
        )}
        <div className="min-w-0 flex-1">
          <CliCommand command={tokenCommands.list(user)} />
        </div>
      </div>
      <Loaded query={tokens} empty={<p>There are no tokens.</p>}>
        {(all) => <TokenTable tokens={all} revoke={setRevoking} />}
      </Loaded>
      {making && <MakeToken onClose={() => setMaking(false)} />}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}`}
          text="What is open by it ends at once, and it is not good for anything any more."
          action="Revoke"
          command={tokenCommands.revoke(revoking.id)}
          run={() => revoke.mutateAsync(revoking.id)}
          onClose={() => setRevoking(null)}
        />
      )}
    </SettingsPage>
  );
}

function TokenTable({ tokens, revoke }: { tokens: Token[]; revoke: (token: Token) => void }) {
  return (
    <Table aria-label="Tokens" className="[&_td]:align-middle">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>Role</Th>
          <Th>Servers</Th>
          <Th>Expires</Th>
          <Th>Last used</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <Td className="font-medium">{token.name}</Td>
            <Td>{token.role}</Td>
            <Td className="min-w-32 break-words">{token.servers ?? "all that you may see"}</Td>
            <Td className="whitespace-nowrap tabular-nums">
              {token.expires_at ? clock(token.expires_at) : "never"}
            </Td>
            <Td className="whitespace-nowrap tabular-nums">
              <Age time={token.last_used} />
              {token.last_used && " ago"}
            </Td>
            <Td className="text-right">
              <Button
                size="small"
                look="danger"
                aria-label={`Revoke ${token.name}`}
                onClick={() => revoke(token)}
              >
                Revoke
              </Button>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
