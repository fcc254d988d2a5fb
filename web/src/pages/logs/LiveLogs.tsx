import { ArrowDown, Pause, Play } from "lucide-react";
import { useState } from "react";
import { visible } from "@/lib/text";
import { Button } from "@/ui/button";
import { CopyRows } from "./CopyRows";
import { LogLines } from "./LogLines";
import { type Asked, useLogFeed } from "./useLogFeed";

/** Lines as they come. Who scrolls up, or pauses, reads in peace: what comes waits. */
export function LiveLogs({ asked, named }: { asked: Asked; named: boolean }) {
  const [follow, setFollow] = useState(true);
  const { feed, waiting, state, complaint } = useLogFeed(asked, !follow);
  const ended = state.phase === "ended" || complaint !== null;
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex min-h-8 flex-wrap items-center gap-2 text-sm">
        <Button size="small" disabled={ended} onClick={() => setFollow(!follow)}>
          {follow ? <Pause /> : <Play />} {follow ? "Pause" : "Go on"}
        </Button>
        <CopyRows rows={feed.rows} />
        {complaint ? (
          <p role="alert" className="min-w-0 break-words text-bad">
            {visible(complaint)}
          </p>
        ) : (
          <p role="status" className="text-faint">
            {status(state, feed.after !== null, follow, feed.none ? asked.target : null)}
          </p>
        )}
        {!follow && waiting > 0 && (
          <Button size="small" look="main" className="ml-auto" onClick={() => setFollow(true)}>
            <ArrowDown /> {waiting} new
          </Button>
        )}
      </div>
      <LogLines
        rows={feed.rows}
        named={named}
        follow={follow}
        onFollow={setFollow}
        end={feed.rows.length === 0 && !ended && <Waiting open={state.phase === "open"} />}
      />
    </div>
  );
}

function Waiting({ open }: { open: boolean }) {
  return (
    <p className="p-6 text-center font-sans text-sm text-faint">
      {open ? "No line yet. What comes is shown here." : "…"}
    </p>
  );
}

const AWAY = "the hub is away; it goes on by itself, with what was missed";

function status(
  state: ReturnType<typeof useLogFeed>["state"],
  begun: boolean,
  follow: boolean,
  nobody: string | null,
): string {
  if (state.phase === "connecting" && !begun) return "connecting …";
  if (state.phase === "connecting" || state.phase === "waiting") return AWAY;
  if (state.phase === "ended") return `it has ended: ${state.reason || "the hub closed it"}`;
  if (nobody) return `no server matches ${nobody} now; waiting for one`;
  return follow ? "live" : "paused: what comes waits";
}
