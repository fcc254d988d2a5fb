import { TriangleAlert } from "lucide-react";
import { useMemo } from "react";
import { asHubError } from "@/api/errors";
import { useHistory, useLiveSample, useSample } from "@/api/metrics";
import type { ServerDetail, ServerSample } from "@/api/types";
import { cn } from "@/lib/cn";
import { serverPageCommands } from "@/lib/commands/server";
import { notesOf } from "@/lib/sample";
import { visible } from "@/lib/text";
import { useNow } from "@/lib/useNow";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded, Nothing } from "@/parts/Loaded";
import { useThisServer } from "../context";
import { About } from "./About";
import { LatestCommands, LatestEvents, OpenAlerts } from "./Lately";
import { Tiles } from "./Tiles";

/** How a server is now, what is wrong with it, and what happened on it last. */
export function Component() {
  const server = useThisServer();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <OpenAlerts server={server.name} />
      <Now server={server} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[repeat(2,minmax(0,1fr))]">
        <About server={server} />
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
          <LatestCommands server={server.name} />
          <LatestEvents server={server.name} />
        </div>
      </div>
    </div>
  );
}

function Now({ server }: { server: ServerDetail }) {
  const sample = useSample(server.id);
  useLiveSample(server.id);
  if (!sample.data && asHubError(sample.error).code === "no_sample") {
    return (
      <Nothing>
        <p>Nothing was measured here yet: its agent has not connected.</p>
        <p>A key for it is made under Keys.</p>
      </Nothing>
    );
  }
  return (
    <Loaded query={sample}>
      {(newest) => (
        <>
          <Notes server={server} sample={newest} />
          <Tiles server={server} sample={newest} />
          <CliCommand command={serverPageCommands.sample(server.name)} />
        </>
      )}
    </Loaded>
  );
}

const DAY_S = 86_400;

function Notes({ server, sample }: { server: ServerDetail; sample: ServerSample }) {
  const now = useNow();
  // One row an hour of one metric: what is asked for are the gaps.
  const lost = useHistory(server.id, { metrics: ["cpu"], seconds: DAY_S, until: null, step: 3600 });
  const notes = useMemo(
    () => notesOf(server, sample, lost.data?.gaps ?? [], now),
    [server, sample, lost.data, now],
  );
  if (!notes.length) return null;
  return (
    <ul aria-label="What to know of these values" className="grid gap-1 text-sm">
      {notes.map(({ tone, text }) => (
        <li key={text} className={cn("flex gap-2", tone === "warn" ? "text-warn" : "text-faint")}>
          <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          <span className="min-w-0 break-words">{visible(text)}</span>
        </li>
      ))}
    </ul>
  );
}
