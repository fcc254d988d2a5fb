import { create } from "zustand";
import { useSession } from "@/stores/session";
import type { TerminalSession } from "./session";

interface Sessions {
  /** At most one a place, by its key. */
  sessions: Record<string, TerminalSession>;
  put: (key: string, session: TerminalSession) => void;
  end: (key: string) => void;
}

/** The terminals of this window. */
export const useTerminals = create<Sessions>((set, get) => ({
  sessions: {},
  put: (key, session) => {
    get().sessions[key]?.dispose();
    set(({ sessions }) => ({ sessions: { ...sessions, [key]: session } }));
  },
  end: (key) => {
    get().sessions[key]?.dispose();
    set(({ sessions }) => {
      const { [key]: _, ...rest } = sessions;
      return { sessions: rest };
    });
  },
}));

const all = () => Object.entries(useTerminals.getState().sessions);

/** Whether closing the window would end something. */
const live = () => all().some(([, session]) => session.state.getState().phase !== "over");

// Nobody else's hands on them: who signs out hangs them up.
useSession.subscribe((now, before) => {
  if (now.phase === "out" && before.phase === "in") {
    for (const [key] of all()) useTerminals.getState().end(key);
  }
});

window.addEventListener("beforeunload", (event) => {
  if (live()) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  for (const [, session] of all()) session.hangUp();
});
