import { useMemo } from "react";
import { Link } from "react-router";
import { MOST_ALERTS, useAlerts } from "@/api/alerts";
import type { Alert } from "@/api/types";
import { type AlertFilter, changedAt, inOrder, statesOf, USUAL } from "@/lib/alerts";
import { attempt } from "@/lib/attempt";
import { alertCommands } from "@/lib/commands/alerts";
import { visible } from "@/lib/text";
import { parseMoment } from "@/lib/units";
import { useFilters } from "@/lib/useFilters";
import { Select } from "@/ui/field";
import { AlertActions } from "./AlertActions";
import { AlertServer, AlertState } from "./AlertState";
import { CliCommand } from "./CliCommand";
import { LateInput } from "./LateInput";
import { Loaded } from "./Loaded";
import { ServerInput } from "./ServerInput";
import { Age, SeverityBadge } from "./Status";

/** Alerts of all servers, or of one: filters, the command that lists the same, and the list. */
export function AlertList({ server }: { server?: string }) {
  const [filter, change] = useFilters(USUAL);
  const asked = server === undefined ? filter : { ...filter, server };
  const since = useSince(asked.since);
  const states = statesOf(asked.state);
  const alerts = useAlerts({
    state: states,
    severity: asked.severity,
    server: asked.server,
    since: since.at,
  });
  return (
    <div className="grid grid-cols-1 gap-4">
      <Filters filter={filter} change={change} wrong={since.wrong} one={server !== undefined} />
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

/** The moment that a text means, the same until another is typed: it is part of what is asked. */
function useSince(text: string): { at: string | undefined; wrong: string | undefined } {
  return useMemo(() => {
    const [at, wrong] = attempt(() => parseMoment(text, Date.now()));
    return { at, wrong };
  }, [text]);
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
      <Select
        aria-label="State"
        className="w-64"
        value={filter.state}
        onChange={(event) => change({ state: event.target.value })}
      >
        <option value="">open, and lately resolved</option>
        <option value="open">open</option>
        <option value="firing">firing</option>
        <option value="acknowledged">acknowledged</option>
        <option value="resolved">lately resolved</option>
        <option value="pending">pending</option>
      </Select>
      <Select
        aria-label="Severity"
        className="w-40"
        value={filter.severity}
        onChange={(event) => change({ severity: event.target.value })}
      >
        <option value="">any severity</option>
        <option value="critical">critical</option>
        <option value="warning">warning</option>
        <option value="info">info</option>
      </Select>
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
