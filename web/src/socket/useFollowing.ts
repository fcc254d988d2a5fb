import { useMemo } from "react";
import { segment } from "@/api/client";
import { Following } from "@/lib/runs/following";
import type { StreamEvent } from "@/lib/runs/streams";
import { useSoon } from "@/lib/useSoon";
import type { SocketState } from "./socket";
import { useSocket } from "./useSocket";

/** Output is drawn at most so often: a flood of it must not freeze the page. */
const DRAW_MS = 150;

/**
 * Follow a command or a run by its id, from its beginning and on as it goes on; `kept` characters of
 * each stream are kept. Nothing is followed while `id` is null.
 */
export function useFollowing(id: string | null, kept: number): [Following, SocketState] {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another id is another following
  const following = useMemo(() => new Following(kept), [id, kept]);
  const draw = useSoon(DRAW_MS);
  const state = useSocket(id === null ? null : `/commands/${segment(id)}`, {
    onOpen: (socket) => socket.send({ type: "attach", offsets: following.reopened() }),
    onMessage: (message) => {
      if (message.type !== "command_event") return;
      following.event(message.data as StreamEvent);
      draw();
    },
    onFrame: (frame) => {
      following.frame(frame);
      draw();
    },
    again: () => !following.over,
  });
  return [following, state];
}
