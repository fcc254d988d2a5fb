import { Link } from "react-router";
import { useStatus } from "@/api/settings";
import type { Status } from "@/api/types";
import { statusCommand } from "@/lib/commands/settings";
import { clock, duration } from "@/lib/format";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Loaded } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Card } from "@/ui/card";
import { SettingsPage } from "./SettingsPage";

export function Component() {
  const status = useStatus();
  return (
    <SettingsPage title="Status">
      <CliCommand command={statusCommand()} />
      <Loaded query={status}>
        {(hub) => (
          <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
            <Card title="The hub">
              <Facts facts={about(hub)} />
            </Card>
            <Concerns hub={hub} />
          </div>
        )}
      </Loaded>
    </SettingsPage>
  );
}

function about({ version, url, uptime_s, servers, alerts }: Status) {
  const { total, online, offline, never } = servers;
  const parts = [`${online} online`, `${offline} offline`, `${never} never seen`];
  return [
    ["version", version],
    ["address", url],
    ["up for", duration(uptime_s)],
    ["servers", `${total}: ${parts.join(", ")}`],
    ["alerts", `${alerts.firing} firing, ${alerts.pending} pending`],
  ] satisfies Parameters<typeof Facts>[0]["facts"];
}

/** What somebody should look after. */
function Concerns({ hub }: { hub: Status }) {
  const { warnings = [], keys_expiring: expiring = [], keys_shared: shared = [] } = hub;
  if (!warnings.length && !expiring.length && !shared.length) {
    return (
      <Card title="To look after">
        <p className="text-sm text-faint">Nothing.</p>
      </Card>
    );
  }
  return (
    <Card title="To look after">
      <ul className="grid gap-2 text-sm">
        {warnings.map((warning) => (
          <li key={warning} className="break-words text-warn">
            {visible(warning)}
          </li>
        ))}
        {expiring.map((key) => (
          <li key={key.id}>
            The key {key.name} of <ServerLink name={key.server} /> expires on{" "}
            <span className="tabular-nums">{clock(key.expires_at)}</span>.
          </li>
        ))}
        {shared.map((key) => (
          <li key={key.server} className="break-words">
            Two agents use the key of <ServerLink name={key.server} />:{" "}
            {key.agents.map(visible).join(", ")}; seen <Age time={key.ts} /> ago.
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ServerLink({ name }: { name: string }) {
  return (
    <Link to={`/servers/${encodeURIComponent(name)}`} className="text-accent underline">
      {name}
    </Link>
  );
}
