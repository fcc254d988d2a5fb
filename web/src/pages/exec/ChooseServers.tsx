import { useId, useState } from "react";
import type { Server } from "@/api/types";
import { attempt } from "@/lib/attempt";
import { matching, ofNames } from "@/lib/target";
import { ServerStatus } from "@/parts/Status";
import { TextField } from "@/parts/TextField";
import { Checkbox, Input } from "@/ui/field";

interface Props {
  target: string;
  servers: Server[];
  change: (target: string) => void;
}

/** So many boxes are in the page; more are found by the search. */
const SHOWN = 200;

/** A TARGET as text, with how many servers it means now; ticking boxes writes names into it. */
export function ChooseServers({ target, servers, change }: Props) {
  const [search, setSearch] = useState("");
  const [meant, wrong] = attempt(() => (target.trim() ? matching(target, servers) : []));
  const chosen = new Set(meant?.map(({ id }) => id));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = servers.filter((server) => words.every((word) => holds(server, word)));
  const toggle = (one: Server) => {
    const names = servers.filter(({ id }) => chosen.has(id) !== (id === one.id));
    change(ofNames(names.map(({ name }) => name)));
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <TextField
        label="Target"
        hint="web-1, web-1,web-2, web-*, tag:env=prod, all; ! before one leaves it out"
        error={target.trim() && servers.length ? wrong : undefined}
        className="font-mono"
        autoCapitalize="off"
        value={target}
        change={change}
      />
      <p role="status" className="text-sm tabular-nums">
        <Count meant={meant ?? []} />
      </p>
      <Input
        type="search"
        aria-label="Search the servers"
        placeholder="name or key=value"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <Boxes servers={found} chosen={chosen} toggle={toggle} />
    </div>
  );
}

function Count({ meant }: { meant: Server[] }) {
  const away = meant.filter(({ status }) => status !== "online").length;
  const words = meant.length === 1 ? "1 server" : `${meant.length} servers`;
  return (
    <>
      {words}
      {away > 0 && <span className="text-warn">, {away} of them not connected</span>}
    </>
  );
}

interface BoxesProps {
  servers: Server[];
  chosen: Set<string>;
  toggle: (server: Server) => void;
}

function Boxes({ servers, chosen, toggle }: BoxesProps) {
  const more = servers.length - SHOWN;
  return (
    <fieldset className="max-h-[45dvh] min-w-0 overflow-auto rounded-md border">
      <legend className="sr-only">Servers</legend>
      {servers.slice(0, SHOWN).map((server) => (
        <Box key={server.id} server={server} checked={chosen.has(server.id)} toggle={toggle} />
      ))}
      {more > 0 && <p className="p-2 text-sm text-faint">and {more} more; the search finds them</p>}
      {servers.length === 0 && <p className="p-2 text-sm text-faint">no server is like that</p>}
    </fieldset>
  );
}

interface BoxProps {
  server: Server;
  checked: boolean;
  toggle: (server: Server) => void;
}

function Box({ server, checked, toggle }: BoxProps) {
  const id = useId();
  const tags = Object.entries(server.tags).map(([key, value]) => `${key}=${value}`);
  return (
    <div className="flex items-center gap-2 border-b px-2 py-1.5 text-sm last:border-b-0 hover:bg-raised">
      <Checkbox id={id} checked={checked} onChange={() => toggle(server)} />
      <label htmlFor={id} className="min-w-0 flex-1 truncate">
        {server.name} <span className="text-xs text-faint">{tags.join(" ")}</span>
      </label>
      {server.status !== "online" && <ServerStatus status={server.status} />}
    </div>
  );
}

function holds(server: Server, word: string): boolean {
  const tags = Object.entries(server.tags).map(([key, value]) => `${key}=${value}`);
  return [server.name, ...tags].some((text) => text.toLowerCase().includes(word));
}
