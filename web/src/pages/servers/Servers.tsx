import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useMe } from "@/api/auth";
import { useServers } from "@/api/servers";
import { serverCommands } from "@/lib/commands/servers";
import { atLeast } from "@/lib/roles";
import { type Choice, choose, type Sort } from "@/lib/servers";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Input, Select } from "@/ui/field";
import { AddServer } from "./AddServer";
import { COLUMNS, first, ServerTable } from "./ServerTable";

export function Component() {
  const servers = useServers();
  const me = useMe();
  const [choice, change] = useChoice();
  const [adding, setAdding] = useState(false);
  const mayAdd = atLeast(me.data?.role, "operator");
  const chosen = useMemo(() => choose(servers.data ?? [], choice), [servers.data, choice]);
  const add = mayAdd && (
    <Button look="main" onClick={() => setAdding(true)}>
      <Plus /> Add a server
    </Button>
  );
  return (
    <Page title="Servers" actions={add}>
      <div className="flex flex-wrap gap-2">
        <Input
          type="search"
          aria-label="Search by name or tag"
          placeholder="name or key=value"
          className="w-64 max-w-full"
          value={choice.search}
          onChange={(event) => change({ search: event.target.value })}
        />
        <Select
          aria-label="Status"
          className="w-36"
          value={choice.status}
          onChange={(event) => change({ status: event.target.value as Choice["status"] })}
        >
          <option value="">any status</option>
          <option value="online">online</option>
          <option value="offline">offline</option>
          <option value="never">never seen</option>
        </Select>
        <Select
          aria-label="In order of"
          className="w-36 md:hidden"
          value={choice.sort}
          onChange={(event) => {
            const sort = event.target.value as Sort;
            change({ sort, down: first(sort) });
          }}
        >
          {COLUMNS.map(([sort, name]) => (
            <option key={sort} value={sort}>
              by {name.toLowerCase()}
            </option>
          ))}
        </Select>
        <div className="ml-auto max-w-full max-md:w-full">
          <CliCommand command={serverCommands.list()} />
        </div>
      </div>
      <Loaded query={servers} empty={<Empty mayAdd={mayAdd} add={() => setAdding(true)} />}>
        {(all) =>
          chosen.length ? (
            <ServerTable servers={chosen} choice={choice} change={change} />
          ) : (
            <Nothing>None of the {all.length} servers is like that.</Nothing>
          )
        }
      </Loaded>
      {adding && <AddServer onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Empty({ mayAdd, add }: { mayAdd: boolean; add: () => void }) {
  return (
    <>
      <p>{mayAdd ? "There are no servers yet." : "No server is shared with you yet."}</p>
      {mayAdd && <Button onClick={add}>Add the first one</Button>}
    </>
  );
}

/** What is asked for stands in the address, so that it can be sent to somebody. */
function useChoice(): [Choice, (part: Partial<Choice>) => void] {
  const [query, setQuery] = useSearchParams();
  const text = query.toString();
  const choice = useMemo<Choice>(() => {
    const asked = new URLSearchParams(text);
    return {
      search: asked.get("q") ?? "",
      status: (asked.get("status") ?? "") as Choice["status"],
      sort: (asked.get("sort") ?? "name") as Sort,
      down: asked.get("down") === "1",
    };
  }, [text]);
  const change = (part: Partial<Choice>) => {
    const { search, status, sort, down } = { ...choice, ...part };
    const next = { q: search, status, sort: sort === "name" ? "" : sort, down: down ? "1" : "" };
    setQuery(Object.fromEntries(Object.entries(next).filter(([, value]) => value)), {
      replace: true,
    });
  };
  return [choice, change];
}
