import { useMutation, useQuery } from "@tanstack/react-query";
import { useSession } from "@/stores/session";
import { get, post } from "./client";
import type { Health, Me } from "./types";

/** Who I am, and what I may do at most. */
export function useMe() {
  const signedIn = useSession((session) => session.phase === "in");
  return useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => get<Me>("/auth/me", undefined, signal),
    enabled: signedIn,
    staleTime: 60_000,
  });
}

/** The one thing that the hub tells everybody; also whether it is there at all. */
export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => {
      const answer = await fetch("/api/v1/health", { signal });
      if (!answer.ok) throw new Error(`the hub answered with ${answer.status}`);
      return (await answer.json()) as Health;
    },
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (change: { current: string; new: string }) => post("/auth/password", change),
  });
}
