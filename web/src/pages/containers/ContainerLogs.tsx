import { useState } from "react";
import type { ServerDetail } from "@/api/types";
import { cn } from "@/lib/cn";
import { containerCommands } from "@/lib/commands/containers";
import type { ContainerLine } from "@/lib/containers/log";
import { shorten } from "@/lib/runs/outcome";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { LineList } from "@/parts/LineList";
import { Card } from "@/ui/card";
import { Checkbox, Input } from "@/ui/field";
import { type LogPhase, useContainerLog } from "./useContainerLog";

interface Props {
  server: ServerDetail;
  container: string;
  life: string;
}

const WORDS: Record<LogPhase, string> = {
  reading: "following",
  ended: "ended: the container does not run",
  away: "cut off; going on as soon as it can be asked again …",
  failed: "it cannot be read",
};

/** What a container writes, as it writes it. */
export function ContainerLogs({ server, container, life }: Props) {
  const log = useContainerLog(server.name, container, life);
  const [search, setSearch] = useState("");
  const [times, setTimes] = useState(false);
  const wanted = search.toLowerCase();
  const lines = wanted
    ? log.lines.filter((line) => line.text.toLowerCase().includes(wanted))
    : log.lines;
  return (
    <Card title="Logs">
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center gap-3 text-sm">
          <Input
            type="search"
            aria-label="Search these lines"
            placeholder="search these lines"
            className="w-56 max-w-full"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <label className="flex items-center gap-2">
            <Checkbox checked={times} onChange={(event) => setTimes(event.target.checked)} /> times
          </label>
          <span role="status" className="text-faint">
            {WORDS[log.phase]}
          </span>
          <div className="max-w-full md:ml-auto">
            <CliCommand command={containerCommands.logs(server.name, container)} />
          </div>
        </div>
        {log.error && log.phase !== "reading" && (
          <p
            role="alert"
            className={cn("text-sm", log.phase === "failed" ? "text-bad" : "text-warn")}
          >
            {visible(log.error.message)}
          </p>
        )}
        {log.leftOut > 0 && (
          <p className="text-xs text-faint">{log.leftOut} lines before these are not kept here.</p>
        )}
        {lines.length === 0 ? (
          <p className="py-4 text-sm text-faint">
            {search ? "No line here is like that." : "Nothing is written yet."}
          </p>
        ) : (
          <LineList
            label="Log lines"
            live
            className="h-[45dvh] max-h-none"
            count={lines.length}
            line={(index) => <Line line={lines[index]} times={times} />}
          />
        )}
      </div>
    </Card>
  );
}

const MOST = 4_000;

function Line({ line, times }: { line: ContainerLine | undefined; times: boolean }) {
  if (!line) return null;
  return (
    <>
      {times && <span className="mr-2 text-faint">{visible(line.time)}</span>}
      {line.stream === "stderr" && <span className="mr-2 text-bad">stderr</span>}
      {visible(shorten(line.text, MOST))}
    </>
  );
}
