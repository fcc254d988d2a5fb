import { Outlet, useLocation, useParams } from "react-router";
import { useMe } from "@/api/auth";
import { useServer } from "@/api/servers";
import type { ServerDetail } from "@/api/types";
import { atLeast, mayManage } from "@/lib/roles";
import { visible } from "@/lib/text";
import { Loaded } from "@/parts/Loaded";
import { useTitle } from "@/parts/Page";
import { Age, ServerStatus } from "@/parts/Status";
import { SubPages } from "@/parts/SubPages";
import { Badge } from "@/ui/badge";
import { ServerMenu } from "./ServerMenu";
import { TABS } from "./tabs";

/** What stands over every page of one server: which it is, how it is, and its other pages. */
export function Component() {
  const { server = "" } = useParams();
  const query = useServer(server);
  const name = query.data?.name ?? server;
  const tab = useTab(server);
  useTitle(tab ? `${name} · ${tab.name}` : name);
  return (
    <div className="mx-auto grid w-full max-w-[100rem] grid-cols-[minmax(0,1fr)] gap-4 p-4 md:p-6">
      {!query.data && <h1 className="text-xl font-semibold break-words">{server}</h1>}
      <Loaded query={query}>
        {(detail) => (
          <>
            <Header server={detail} />
            <Tabs server={detail} base={`/servers/${encodeURIComponent(server)}`} />
            <Outlet context={detail} key={detail.id} />
          </>
        )}
      </Loaded>
    </div>
  );
}

/** The tab that the address is of, those below a tab too. */
function useTab(server: string) {
  const { pathname } = useLocation();
  const path = pathname.slice(`/servers/${encodeURIComponent(server)}`.length + 1).split("/")[0];
  return TABS.find((tab) => tab.path === (path ?? ""));
}

function Header({ server }: { server: ServerDetail }) {
  const me = useMe();
  return (
    <header className="grid gap-1.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 text-xl font-semibold break-words">{server.name}</h1>
        <ServerStatus status={server.status} />
        {Object.entries(server.tags).map(([key, value]) => (
          <Badge key={key}>
            {key}={value}
          </Badge>
        ))}
        {mayManage(me.data, server) && (
          <div className="ml-auto">
            <ServerMenu server={server} />
          </div>
        )}
      </div>
      <p className="flex flex-wrap gap-x-4 text-sm text-faint">
        {server.os && <span>{visible(server.os)}</span>}
        {server.agent_version && <span>agent {visible(server.agent_version)}</span>}
        {server.address && <span>{server.address}</span>}
        {server.owner && <span>owner {server.owner}</span>}
        <span>
          seen <Age time={server.last_seen} />
          {server.last_seen && " ago"}
        </span>
      </p>
    </header>
  );
}

function Tabs({ server, base }: { server: ServerDetail; base: string }) {
  const pages = TABS.filter((tab) => atLeast(server.role, tab.role)).map(
    ({ path, name }): [string, string] => [path ? `${base}/${path}` : base, name],
  );
  return <SubPages label="Pages of this server" pages={pages} />;
}
