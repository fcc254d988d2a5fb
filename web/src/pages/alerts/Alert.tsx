import { ArrowLeft } from "lucide-react";
import { Link, useParams } from "react-router";
import { useAlert } from "@/api/alerts";
import type { AlertDetail } from "@/api/types";
import { chartsOf, stateWords, watched } from "@/lib/alerts";
import { alertCommands } from "@/lib/commands/alerts";
import { sections } from "@/lib/evidence";
import { clock, duration } from "@/lib/format";
import { inUnit } from "@/lib/metricNames";
import { OPS } from "@/lib/rules";
import { visible } from "@/lib/text";
import { AlertActions } from "@/parts/AlertActions";
import { AlertServer, AlertState } from "@/parts/AlertState";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { SeverityBadge } from "@/parts/Status";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";

export function Component() {
  const { alert: id = "" } = useParams();
  const alert = useAlert(id);
  return (
    <Page
      title={alert.data ? `Alert: ${alert.data.threshold_name}` : "Alert"}
      actions={
        <Button asChild look="quiet">
          <Link to="/alerts">
            <ArrowLeft /> All alerts
          </Link>
        </Button>
      }
    >
      <Loaded query={alert}>{(found) => <Detail alert={found} />}</Loaded>
    </Page>
  );
}

function Detail({ alert }: { alert: AlertDetail }) {
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <SeverityBadge severity={alert.severity} />
        <AlertState alert={alert} />
        <p className="min-w-0 font-medium break-words">{visible(alert.message)}</p>
      </div>
      <AlertActions alert={alert} />
      <CliCommand command={alertCommands.show(alert.id)} />
      <div className="grid grid-cols-1 gap-4 xl:grid-cols-2">
        <Card title="The alert">
          <Facts facts={about(alert)} />
          <Others names={alert.servers ?? []} />
        </Card>
        <Evidence alert={alert} />
      </div>
    </div>
  );
}

function about(alert: AlertDetail): Parameters<typeof Facts>[0]["facts"] {
  const metric = watched(alert);
  return [
    ["server", <AlertServer key="server" alert={alert} />],
    ["rule", <RuleName key="rule" alert={alert} />],
    ["watches", `${visible(metric)} ${OPS[alert.op]} ${inUnit(metric, alert.threshold)}`],
    ["state", stateWords(alert)],
    ["last value", alert.value === null ? null : inUnit(metric, alert.value)],
    ["held first", clock(alert.started_at)],
    ["fired", alert.fired_at && clock(alert.fired_at)],
    ["taken care of by", alert.acked_by],
    ["comment", alert.comment && visible(alert.comment)],
    ["resolved", alert.resolved_at && clock(alert.resolved_at)],
    ["because", alert.resolved_reason],
    ["lasted", lasted(alert)],
    ["metrics", <MetricsLink key="metrics" alert={alert} />],
  ];
}

function lasted({ fired_at, resolved_at }: AlertDetail): string | null {
  if (!fired_at || !resolved_at) return null;
  return duration((Date.parse(resolved_at) - Date.parse(fired_at)) / 1000);
}

function RuleName({ alert }: { alert: AlertDetail }) {
  if (!alert.threshold_id) return alert.threshold_name;
  const query = new URLSearchParams({ rule: alert.threshold_name });
  return (
    <Link to={`/alerts/rules?${query}`} className="text-accent underline">
      {alert.threshold_name}
    </Link>
  );
}

function MetricsLink({ alert }: { alert: AlertDetail }) {
  const to = chartsOf(alert, Date.now());
  if (!to) return "–";
  return (
    <Link to={to} className="text-accent underline">
      how {alert.server} was at that time
    </Link>
  );
}

function Others({ names }: { names: string[] }) {
  if (!names.length) return null;
  return (
    <ul aria-label="Servers of the alert" className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {names.map((name) => (
        <li key={name}>
          <Link to={`/servers/${encodeURIComponent(name)}`} className="hover:underline">
            {name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Evidence({ alert }: { alert: AlertDetail }) {
  const found = alert.evidence ? sections(alert.evidence) : [];
  const taken = alert.evidence?.taken_at;
  return (
    <Card title="What its agent told">
      <p className="text-sm text-faint">
        {found.length
          ? `at ${clock(typeof taken === "string" ? taken : null)}`
          : "It told nothing."}
      </p>
      {found.map(({ title, rows }) => (
        <section key={title} className="mt-3">
          <h3 className="mb-1 text-sm font-medium break-words">{title}</h3>
          <EvidenceRows title={title} rows={rows} />
        </section>
      ))}
    </Card>
  );
}

function EvidenceRows({ title, rows }: { title: string; rows: string[][] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
    <section aria-label={title} tabIndex={0} className="max-h-72 overflow-auto font-mono text-xs">
      <table className="tabular-nums">
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows never change their order
            <tr key={at}>
              {row.map((word, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: nor do a row's words
                <td key={column} className="pr-4 whitespace-pre">
                  {word}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
