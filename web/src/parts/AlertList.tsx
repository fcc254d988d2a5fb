import { Link } from "react-router";
import { MOST_ALERTS, useAlerts } from "@/api/alerts";
import type { Alert } from "@/api/types";
import { type AlertFilter, changedAt, inOrder, statesOf, USUAL } from "@/lib/alerts";
import { alertCommands } from "@/lib/commands/alerts";
import { visible } from "@/lib/text";
import { useFilters } from "@/lib/useFilters";
import { useSpan } from "@/lib/useSpan";
import { AlertActions } from "./AlertActions";
import { AlertServer, AlertState } from "./AlertState";
import { OneOf, type Option } from "./Choice";
import { CliCommand } from "./CliCommand";
import { LateInput } from "./LateInput";
import { Loaded } from "./Loaded";
import { ServerInput } from "./ServerInput";
import { Age, SeverityBadge } from "./Status";

const STATES: Option[] = [
  ["", "open, and lately resolved"],
  "open",
  "firing",
  "acknowledged",
  ["resolved", "lately resolved"],
  "pending",
];
const SEVERITIES: Option[] = [["", "any severity"], "critical", "warning", "info"];

/** Alerts of all servers, or of one: filters, the command that lists the same, and the list. */
export function AlertList({ server }: { server?: string }) {
  const [filter, change] = useFilters(USUAL);
  const asked = server === undefined ? filter : { ...filter, server };
  const { asked: span, wrong } = useSpan(asked.since);
  const states = statesOf(asked.state);
  const alerts = useAlerts({
    state: states,
    severity: asked.severity,
    server: asked.server,
    since: span.since,
  });
  return (
    <div className="grid grid-cols-1 gap-4">
      <Filters filter={filter} change={change} wrong={wrong} one={server !== undefined} />
      <CliCommand command={alertCommands.list({ ...asked, state: states.join(",") })} />
      <Loaded query={alerts} empty={<p>No alerts: all is well, or the filter is too narrow.</p>}>
        {(found) => (
          <>
            <Alerts alerts={inOrder(found)} named={server === undefined} />
            {found.length >= MOST_ALERTS && (
              <p className="text-sm text-faint">
                The newest {MOST_ALERTS}; the filter finds others.
              </p>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

interface FiltersProps {
  filter: AlertFilter;
  change: (part: Partial<AlertFilter>) => void;
  wrong: string | undefined;
  one: boolean;
}

function Filters({ filter, change, wrong, one }: FiltersProps) {
  return (
    <div className="flex flex-wrap items-start gap-2">
      <OneOf
        aria-label="State"
        className="w-64"
        value={filter.state}
        change={(state) => change({ state })}
        options={STATES}
      />
      <OneOf
        aria-label="Severity"
        className="w-40"
        value={filter.severity}
        change={(severity) => change({ severity })}
        options={SEVERITIES}
      />
      {!one && (
        <ServerInput
          label="Server"
          placeholder="any server"
          className="w-44"
          value={filter.server}
          change={(value) => change({ server: value })}
        />
      )}
      <label className="flex items-center gap-2 text-sm text-faint">
        resolved since
        <LateInput
          className="w-24"
          value={filter.since}
          aria-invalid={wrong ? true : undefined}
          change={(value) => change({ since: value || USUAL.since })}
        />
        {wrong && <span className="text-xs text-bad">{wrong}</span>}
      </label>
    </div>
  );
}

function Alerts({ alerts, named }: { alerts: Alert[]; named: boolean }) {
  return (
    <ul aria-label="Alerts" className="grid gap-2">
      {alerts.map((alert) => (
        <li key={alert.id} className="rounded-lg border bg-card px-3 py-2.5">
          <Row alert={alert} named={named} />
        </li>
      ))}
    </ul>
  );
}

function Row({ alert, named }: { alert: Alert; named: boolean }) {
  return (
    <div className="grid grid-cols-1 gap-x-4 gap-y-2 text-sm lg:grid-cols-[17rem_1fr_auto] lg:items-center">
      <div className="flex flex-wrap items-center gap-2">
        <SeverityBadge severity={alert.severity} />
        <AlertState alert={alert} />
        {named && <AlertServer alert={alert} />}
      </div>
      <div className="min-w-0">
        <Link
          to={`/alerts/${encodeURIComponent(alert.id)}`}
          className="break-words hover:underline"
        >
          {visible(alert.message)}
        </Link>
        <p className="text-xs text-faint">
          {alert.threshold_name} · <Age time={changedAt(alert)} /> ago
          {alert.acked_by && ` · ${alert.acked_by} takes care of it`}
          {alert.comment && `: ${visible(alert.comment)}`}
        </p>
      </div>
      <AlertActions alert={alert} />
    </div>
  );
}
