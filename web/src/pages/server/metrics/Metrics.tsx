import { useCallback, useMemo } from "react";
import { useAlertsSince } from "@/api/lately";
import { useHistory } from "@/api/metrics";
import { USUAL_CHARTS } from "@/lib/charts/choice";
import { marksOf } from "@/lib/charts/marks";
import { spanBetween, stepFor } from "@/lib/charts/spans";
import { cn } from "@/lib/cn";
import { serverPageCommands } from "@/lib/commands/server";
import { useNow } from "@/lib/useNow";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded } from "@/parts/Loaded";
import { useThisServer } from "../context";
import { AddChart } from "./AddChart";
import { Chart, type Shared } from "./Chart";
import { MarkList } from "./MarkList";
import { SpanBar } from "./SpanBar";
import { sinceAndUntil } from "./spanWords";
import { useLiveValues } from "./useLiveValues";
import { useChoice } from "./useSpan";

const USUAL = USUAL_CHARTS.flat();
const NO_ALERTS: never[] = [];

/** What a server measured over a time, with its gaps and alerts, going on by itself. */
export function Component() {
  const server = useThisServer();
  const { span, extra, setSpan, add, drop } = useChoice();
  const now = useNow() / 1000;
  const to = span.until ?? now;
  const from = to - span.seconds;
  const step = stepFor(span.seconds);
  const asked = { seconds: span.seconds, until: span.until, step };
  const history = useHistory(server.id, { ...asked, metrics: USUAL });
  const alerts = useAlertsSince(server.name, span.seconds, span.until);
  const live = useLiveValues(server, [...USUAL, ...extra], span.until === null);
  const gaps = history.data?.gaps;
  const marks = useMemo(
    () => marksOf(alerts.data ?? NO_ALERTS, gaps ?? NO_ALERTS, from, to),
    [alerts.data, gaps, from, to],
  );
  const onSpan = useCallback(
    (begin: number, end: number) => setSpan(spanBetween(begin, end)),
    [setSpan],
  );
  const shared: Shared = {
    server: server.name,
    span,
    from,
    to,
    marks,
    live: span.until === null ? live.values : {},
    onSpan,
  };
  const metrics = [...USUAL, ...extra];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <SpanBar span={span} change={setSpan} live={live.state} now={now} />
      <CliCommand command={serverPageCommands.plot(server.name, metrics, ...sinceAndUntil(span))} />
      <Loaded query={history} skeleton={<Blank />}>
        {(data) => (
          <div className={cn(GRID, history.isPlaceholderData && "opacity-60")}>
            {USUAL_CHARTS.map((chart) => (
              <Chart key={chart.join()} metrics={chart} history={data} {...shared} />
            ))}
            {extra.map((metric) => (
              <ExtraChart
                key={metric}
                id={server.id}
                metric={metric}
                asked={asked}
                shared={shared}
                drop={() => drop(metric)}
              />
            ))}
          </div>
        )}
      </Loaded>
      <AddChart server={server.id} taken={metrics} add={add} />
      <MarkList marks={marks} />
    </div>
  );
}

const GRID = "grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-[repeat(2,minmax(0,1fr))]";

interface ExtraProps {
  id: string;
  metric: string;
  asked: { seconds: number; until: number | null; step: number | null };
  shared: Shared;
  drop: () => void;
}

function ExtraChart({ id, metric, asked, shared, drop }: ExtraProps) {
  const metrics = useMemo(() => [metric], [metric]);
  const history = useHistory(id, { ...asked, metrics });
  return (
    <Loaded query={history}>
      {(data) => <Chart metrics={metrics} history={data} {...shared} drop={drop} />}
    </Loaded>
  );
}

/** As high as the charts will be, so that nothing jumps. */
function Blank() {
  return (
    <div role="status" aria-label="Loading" className={GRID}>
      {USUAL_CHARTS.map((chart) => (
        <div key={chart.join()} className="h-80 animate-pulse rounded-lg bg-raised" />
      ))}
    </div>
  );
}
