import { useEffect, useRef, useState } from "react";
import { HubSocket, type SocketHandlers, type SocketState } from "./socket";

type Handlers = Omit<SocketHandlers, "onState">;

/** A socket for as long as the component is there; none while `path` is null. */
export function useSocket(path: string | null, handlers: Handlers): SocketState {
  const [state, setState] = useState<SocketState>({ phase: "connecting" });
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    if (path === null) return;
    const socket = new HubSocket(path, {
      onOpen: (open) => latest.current.onOpen(open),
      onMessage: (message) => latest.current.onMessage(message),
      onFrame: (frame) => latest.current.onFrame?.(frame),
      again: () => latest.current.again?.() ?? true,
      onState: setState,
    });
    return () => socket.close();
  }, [path]);
  return state;
}
