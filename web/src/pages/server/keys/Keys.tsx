import { Plus } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/api/auth";
import { useKeys, useRevokeKey } from "@/api/keys";
import type { ApiKey } from "@/api/types";
import { cn } from "@/lib/cn";
import { serverPageCommands } from "@/lib/commands/server";
import { ahead, inOrder, type KeyState, stateOf } from "@/lib/keys";
import { mayManage } from "@/lib/roles";
import { visible } from "@/lib/text";
import { useNow } from "@/lib/useNow";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { useThisServer } from "../context";
import { CreateKey } from "./CreateKey";

/** The keys that this server's agent may sign in with. */
export function Component() {
  const server = useThisServer();
  const me = useMe();
  const keys = useKeys(server.name);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const may = mayManage(me.data, server);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        {may && (
          <Button look="main" onClick={() => setMaking(true)}>
            <Plus /> Make a key
          </Button>
        )}
        <CliCommand command={serverPageCommands.keys(server.name)} />
      </div>
      <Loaded query={keys} empty="It has no keys: without one its agent cannot connect.">
        {(all) => <KeyTable keys={all} {...(may && { revoke: setRevoking })} />}
      </Loaded>
      {making && <CreateKey server={server.name} onClose={() => setMaking(false)} />}
      {revoking && <RevokeKey revoked={revoking} onClose={() => setRevoking(null)} />}
    </div>
  );
}

const TONES: Record<KeyState, Tone> = {
  good: "good",
  "expires soon": "warn",
  expired: "bad",
  revoked: "plain",
};

interface TableProps {
  keys: ApiKey[];
  revoke?: (key: ApiKey) => void;
}

function KeyTable({ keys, revoke }: TableProps) {
  const now = useNow();
  return (
    <Table aria-label="Keys" className="tabular-nums">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th className="max-md:hidden">Begins with</Th>
          <Th>State</Th>
          <Th>Expires</Th>
          <Th>Last used</Th>
          <Th className="max-md:hidden">Made</Th>
          {revoke && (
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          )}
        </tr>
      </thead>
      <tbody>
        {inOrder(keys, now).map((key) => {
          const state = stateOf(key, now);
          return (
            <tr key={key.id} className={cn(state === "revoked" && "text-faint")}>
              <Td className="font-medium">{visible(key.name)}</Td>
              <Td className="font-mono text-xs max-md:hidden">{key.prefix}…</Td>
              <Td>
                <Badge tone={TONES[state]}>{state}</Badge>
              </Td>
              <Td className="whitespace-nowrap" title={key.expires_at ?? undefined}>
                {ahead(key.expires_at, now)}
              </Td>
              <Td className="whitespace-nowrap">
                <Age time={key.last_used} />
                {key.last_used && " ago"}
              </Td>
              <Td className="whitespace-nowrap max-md:hidden">
                <Age time={key.created_at} /> ago
              </Td>
              {revoke && (
                <Td className="text-right">
                  {state !== "revoked" && (
                    <Button
                      size="small"
                      look="danger"
                      aria-label={`Revoke ${key.name}`}
                      onClick={() => revoke(key)}
                    >
                      Revoke
                    </Button>
                  )}
                </Td>
              )}
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function RevokeKey({ revoked, onClose }: { revoked: ApiKey; onClose: () => void }) {
  const revoke = useRevokeKey();
  return (
    <Confirm
      title={`Revoke ${visible(revoked.name)}?`}
      text="An agent that uses it is disconnected at once, and cannot come back with it. This cannot be undone."
      action="Revoke"
      command={serverPageCommands.revokeKey(revoked.id)}
      run={() => revoke.mutateAsync(revoked.id)}
      onClose={onClose}
    />
  );
}
