import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Link, useParams } from "react-router";
import { BASE, segment } from "@/api/client";
import { useRecording } from "@/api/commands";
import { open } from "@/api/stream";
import type { Recording } from "@/api/types";
import { parseCast } from "@/lib/cast/cast";
import { commandCommands } from "@/lib/commands/commands";
import { bytes, clock, duration } from "@/lib/format";
import { commandText, shorten } from "@/lib/runs/outcome";
import { save } from "@/lib/save";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Complaint, Loaded, Nothing } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Skeleton } from "@/ui/skeleton";

const Player = lazy(() => import("./Player"));

/** More than this is not played in a page: it would have to hold all of it. */
const MOST = 32 * 1024 * 1024;

const castOf = async (id: string, signal: AbortSignal) =>
  open(`${BASE}/recordings/${segment(id)}/cast`, signal);

export function Component() {
  const { recording: id = "" } = useParams();
  const recording = useRecording(id);
  const title = recording.data
    ? `${shorten(visible(commandText(recording.data.command)), 60)} on ${recording.data.server}`
    : "Recording";
  return (
    <Page title={title} actions={recording.data && <Save id={id} />}>
      <Loaded query={recording}>
        {(data) => (
          <>
            {data.size > MOST ? <TooLarge recording={data} /> : <Play recording={data} />}
            <About recording={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Play({ recording }: { recording: Recording }) {
  const cast = useQuery({
    queryKey: ["recordings", "cast", recording.id],
    queryFn: async ({ signal }) => parseCast(await (await castOf(recording.id, signal)).text()),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchInterval: false,
  });
  return (
    <>
      {recording.duration_s === null && (
        <p className="flex flex-wrap items-center gap-3 text-sm text-warn">
          This terminal is open yet: what is played is as far as it was when it was loaded.
          <Button size="small" disabled={cast.isFetching} onClick={() => void cast.refetch()}>
            Load again
          </Button>
        </p>
      )}
      <Loaded query={cast} skeleton={<Skeleton rows={12} />}>
        {(loaded) => (
          <Suspense fallback={<Skeleton rows={12} />}>
            <Player key={cast.dataUpdatedAt} cast={loaded} id={recording.id} />
          </Suspense>
        )}
      </Loaded>
    </>
  );
}

function TooLarge({ recording }: { recording: Recording }) {
  return (
    <Nothing>
      <p className="text-ink">
        {bytes(recording.size)} are too much to be played here. The command line plays it.
      </p>
      <CliCommand command={commandCommands.play(recording.id, 1, null)} />
    </Nothing>
  );
}

function About({ recording }: { recording: Recording }) {
  return (
    <Card>
      <div className="grid gap-4">
        <Facts
          facts={[
            ["server", recording.server],
            ["by", recording.user ?? "an account that is gone"],
            ["begun", clock(recording.started_at)],
            ["length", recording.duration_s === null ? "goes on" : duration(recording.duration_s)],
            ["size", bytes(recording.size)],
            [
              "command",
              <Link
                key="command"
                className="text-accent hover:underline"
                to={`/commands/${encodeURIComponent(recording.id)}`}
              >
                {recording.id}
              </Link>,
            ],
          ]}
        />
        <CliCommand command={commandCommands.exportRecording(recording.id)} />
      </div>
    </Card>
  );
}

/** A link would not be signed in: the page fetches it, and the browser saves it. */
function Save({ id }: { id: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const download = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await castOf(id, new AbortController().signal);
      save(`${id}.cast`, [await answer.blob()], "application/x-asciicast");
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Complaint error={error} />
      <Button disabled={busy} onClick={download}>
        <Download /> Download
      </Button>
    </>
  );
}
