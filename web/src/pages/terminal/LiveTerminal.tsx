import { Copy, PhoneOff } from "lucide-react";
import { type RefObject, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/field";
import { toast } from "@/ui/toast";
import { OverTerminal } from "./OverTerminal";
import { commandAt, type Place } from "./place";
import type { TerminalSession, TerminalState } from "./session";

interface Props {
  place: Place;
  session: TerminalSession;
}

export function LiveTerminal({ place, session }: Props) {
  const state = useStore(session.state);
  const leave = useRef<HTMLButtonElement>(null);
  return (
    <div className="grid gap-3">
      <Bar session={session} state={state} leave={leave} />
      {state.phase === "over" && <OverTerminal place={place} session={session} state={state} />}
      <Screen session={session} leave={leave} />
      <div className="flex flex-wrap items-center justify-between gap-3 text-sm text-faint">
        <p>
          All keys go to the server, Tab and Ctrl-C too.{" "}
          <kbd className="font-mono">Ctrl+Shift+.</kbd> leaves the terminal for the page.
        </p>
        <CliCommand command={commandAt(place, session.command)} />
      </div>
    </div>
  );
}

interface BarProps {
  session: TerminalSession;
  state: TerminalState;
  leave: RefObject<HTMLButtonElement | null>;
}

const WORDS: Record<TerminalState["phase"], string> = {
  opening: "opening …",
  open: "connected",
  away: "the hub is away; coming back …",
  over: "closed",
};

function Bar({ session, state, leave }: BarProps) {
  const copy = async () => {
    if (!(await session.copy())) toast("this browser does not let the page copy", { bad: true });
    session.focus();
  };
  return (
    <div className="flex flex-wrap items-center gap-2 text-sm">
      <h2 className="min-w-0 font-medium break-words">
        {session.command ? visible(session.command) : "Login shell"}
      </h2>
      <span role="status" className="text-faint">
        {WORDS[state.phase]}
      </span>
      <span className="ml-auto flex flex-wrap items-center gap-2">
        <label className="flex items-center gap-2 text-faint">
          <Checkbox
            checked={state.reader}
            onChange={(event) => session.readAloud(event.target.checked)}
          />
          for screen readers
        </label>
        <Button size="small" disabled={!state.selected} onClick={copy}>
          <Copy /> Copy selection
        </Button>
        <Button
          ref={leave}
          size="small"
          look="danger"
          disabled={state.phase === "over"}
          onClick={() => session.hangUp()}
        >
          <PhoneOff /> Hang up
        </Button>
      </span>
    </div>
  );
}

function Screen({ session, leave }: Omit<BarProps, "state">) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const here = place.current;
    if (!here) return;
    session.show(here);
    session.onLeave = () => leave.current?.focus();
    const observer = new ResizeObserver(() => session.fit());
    observer.observe(here);
    return () => observer.disconnect();
  }, [session, leave]);
  return (
    <section
      ref={place}
      aria-label="Terminal"
      className="h-[max(16rem,calc(100dvh-19rem))] overflow-hidden rounded-md border bg-terminal p-2"
    />
  );
}
