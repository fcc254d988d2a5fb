import { create } from "zustand";
import { useSession } from "@/stores/session";
import type { TerminalSession } from "./session";

interface Sessions {
  /** At most one a server, by the server's id. */
  sessions: Record<string, TerminalSession>;
  put: (id: string, session: TerminalSession) => void;
  end: (id: string) => void;
}

/** The terminals of this window. */
export const useTerminals = create<Sessions>((set, get) => ({
  sessions: {},
  put: (id, session) => {
    get().sessions[id]?.dispose();
    set(({ sessions }) => ({ sessions: { ...sessions, [id]: session } }));
  },
  end: (id) => {
    get().sessions[id]?.dispose();
    set(({ sessions }) => {
      const { [id]: _, ...rest } = sessions;
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
    for (const [id] of all()) useTerminals.getState().end(id);
  }
});

window.addEventListener("beforeunload", (event) => {
  if (live()) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  for (const [, session] of all()) session.hangUp();
});
