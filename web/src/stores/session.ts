import { create } from "zustand";

/**
 * Who is signed in. The access token lives here and in no storage: a page that is loaded again gets
 * another one by its cookie. `phase` is `unknown` until the first attempt at that is over.
 */
interface Session {
  phase: "unknown" | "in" | "out";
  /** Its id. */
  user: string | null;
  token: string | null;
  until: number;
  begin: (user: string, token: string, until: number) => void;
  end: () => void;
}

export const useSession = create<Session>((set) => ({
  phase: "unknown",
  user: null,
  token: null,
  until: 0,
  begin: (user, token, until) => set({ phase: "in", user, token, until }),
  end: () => set({ phase: "out", user: null, token: null, until: 0 }),
}));
