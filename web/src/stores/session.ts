import { create } from "zustand";

/**
 * Who is signed in. The access token lives here and in no storage: a page that is loaded again gets
 * another one by its cookie. `phase` is `unknown` until the first attempt at that is over.
 */
interface Session {
  phase: "unknown" | "in" | "out";
  token: string | null;
  until: number;
  begin: (token: string, until: number) => void;
  end: () => void;
}

export const useSession = create<Session>((set) => ({
  phase: "unknown",
  token: null,
  until: 0,
  begin: (token, until) => set({ phase: "in", token, until }),
  end: () => set({ phase: "out", token: null, until: 0 }),
}));
