import { useState } from "react";
import { Link } from "react-router";
import { visible } from "@/lib/text";
import { Outcome } from "@/parts/Outcome";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { openTerminal } from "./open";
import { keyOf, type Place } from "./place";
import type { TerminalSession, TerminalState } from "./session";
import { useTerminals } from "./sessions";

interface Props {
  place: Place;
  session: TerminalSession;
  state: TerminalState;
}

/** How it ended, and the way to the next one. */
export function OverTerminal({ place, session, state }: Props) {
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    try {
      await openTerminal(place, session.command);
    } catch (error) {
      toast(String(error), { bad: true });
      setBusy(false);
    }
  };
  const { commandId, result, refusal } = state;
  const ran = result && !["refused", "offline"].includes(result.status);
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-md border bg-card p-3 text-sm">
      <div role="alert" className="min-w-0 flex-1 break-words">
        {refusal ? visible(refusal.message) : result && <Outcome ended={result} />}
        {refusal?.hint && <p className="text-faint">{visible(refusal.hint)}</p>}
      </div>
      {ran && commandId && (
        <Link className="text-accent underline" to={`/recordings/${encodeURIComponent(commandId)}`}>
          Recording
        </Link>
      )}
      <Button size="small" onClick={() => useTerminals.getState().end(keyOf(place))}>
        Close
      </Button>
      <Button size="small" look="main" disabled={busy} onClick={again}>
        Open again
      </Button>
    </div>
  );
}
