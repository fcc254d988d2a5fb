import { useEffect, useRef, useState } from "react";
import { EMPTY, type LogFeed, type LogPage, take } from "@/lib/logFeed";
import type { SocketState } from "@/socket/socket";
import { useSocket } from "@/socket/useSocket";

/** What the lines are to be of: docs/reference/wire.md, `tail`. */
export interface Asked {
  target: string;
  level: string;
  grep: string;
  source: string;
}

/** As many as `chatops tail` begins with. */
const FIRST_LINES = 100;
const GATHER_MS = 150;

interface Live {
  feed: LogFeed;
  /** So many came while it was held. */
  waiting: number;
  state: SocketState;
  /** What the hub says is wrong with what was asked, a pattern say: then nothing comes. */
  complaint: string | null;
}

/**
 * Lines as they come; what is shown stands still while it is `held`. A socket has one tail, so
 * something else is asked for by another component (a `key`), not by other values.
 */
export function useLogFeed(asked: Asked, held: boolean): Live {
  const received = useRef<LogFeed>(EMPTY);
  const [feed, show] = useState<LogFeed>(EMPTY);
  const [count, setCount] = useState(0);
  const [complaint, setComplaint] = useState<string | null>(null);
  const state = useSocket("/logs", {
    onOpen: (socket) => {
      const { after } = received.current;
      socket.send({ type: "tail", ...said(asked), lines: FIRST_LINES, after });
    },
    onMessage: (message) => {
      if (message.type === "logs") {
        received.current = take(received.current, message.data as LogPage);
      } else if (message.code === "invalid") setComplaint(String(message.message));
    },
  });
  // Pages come faster than a screen can show them: they are shown some at a time.
  useEffect(() => {
    const timer = setInterval(() => {
      setCount(received.current.count);
      if (!held) show(received.current);
    }, GATHER_MS);
    return () => clearInterval(timer);
  }, [held]);
  return { feed, waiting: count - feed.count, state, complaint };
}

function said({ target, level, grep, source }: Asked) {
  return { target, level: level || null, grep: grep || null, source: source || null };
}
