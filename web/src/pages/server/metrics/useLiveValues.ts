import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { ServerDetail } from "@/api/types";
import { appended, type Point } from "@/lib/charts/lines";
import type { HubSocket, SocketState } from "@/socket/socket";
import { useSocket } from "@/socket/useSocket";
import type { Update } from "@/stores/fleet";

interface Live {
  state: SocketState;
  values: Record<string, Point[]>;
}

/** The values of some metrics as they come, by METRIC; none while `on` is false. */
export function useLiveValues(server: ServerDetail, metrics: string[], on: boolean): Live {
  const client = useQueryClient();
  const [values, setValues] = useState<Record<string, Point[]>>({});
  const socket = useRef<HubSocket | null>(null);
  const watch = { type: "watch", target: server.name, metrics };
  const text = JSON.stringify(watch);
  const state = useSocket(on ? "/metrics" : null, {
    onOpen: (opened) => {
      // What came while the socket was away stands in the history.
      if (socket.current === opened) {
        void client.invalidateQueries({ queryKey: ["metrics", server.id, "history"] });
      }
      socket.current = opened;
      opened.send(watch);
    },
    onMessage: ({ type, data }) => {
      if (type !== "values") return;
      const { ts, values: newest } = data as Update;
      setValues((before) => appended(before, Date.parse(ts) / 1000, newest));
    },
  });
  // A later watch takes the place of the one before.
  useEffect(() => socket.current?.send(JSON.parse(text)), [text]);
  return { state, values };
}
