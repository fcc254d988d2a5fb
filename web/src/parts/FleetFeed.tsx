import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useSocket } from "@/socket/useSocket";
import { type Update, useFleet } from "@/stores/fleet";

/** What the list and the sparklines show of each server. */
export const FLEET_METRICS = ["cpu", "memory", "disk", "load1"];
const GATHER_MS = 250;

/**
 * The one socket for the whole fleet: values into the store, some at a time, and alerts as a reason
 * to ask for them again.
 */
export function FleetFeed() {
  const waiting = useRef<Update[]>([]);
  const client = useQueryClient();
  const state = useSocket("/metrics", {
    onOpen: (socket) =>
      socket.send({ type: "watch", target: "all", metrics: FLEET_METRICS, alerts: true }),
    onMessage: (message) => {
      if (message.type === "values") waiting.current.push(message.data as Update);
      else if (message.type === "alert") void client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
  useEffect(() => useFleet.getState().setConnected(state.phase === "open"), [state.phase]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (waiting.current.length) useFleet.getState().take(waiting.current.splice(0));
    }, GATHER_MS);
    return () => clearInterval(timer);
  }, []);
  return null;
}
