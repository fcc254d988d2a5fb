import { useEffect, useRef, useState } from "react";
import { containerPath } from "@/api/docker";
import { asHubError, HubError, mayPass } from "@/api/errors";
import { frames } from "@/api/stream";
import { type ContainerLine, ContainerLog, type LogStream } from "@/lib/containers/log";
import { useSoon } from "@/lib/useSoon";
import { wait } from "@/socket/retry";

/** So many lines are kept, and so many of the past are asked for. */
const KEPT = 5_000;
const TAIL = "500";
const DRAW_MS = 150;

/** A text frame of the answer. */
interface LogsEvent {
  event: "start" | "end" | "error";
  stdout?: number;
  stderr?: number;
  error?: { code: string; message: string };
}

/** `ended`: the container does not run. `away`: it comes back by itself. */
export type LogPhase = "reading" | "ended" | "away" | "failed";

interface Shown {
  lines: readonly ContainerLine[];
  /** Lines that were shown, and are not kept. */
  leftOut: number;
  phase: LogPhase;
  error: HubError | null;
}

/**
 * A container's log, as it is written. It ends with the container, and goes on in its next `life`:
 * any text that is another after each start and end.
 */
export function useContainerLog(server: string, container: string, life: string): Shown {
  const [[phase, error], setPhase] = useState<[LogPhase, HubError | null]>(["reading", null]);
  const lines = useRef<ContainerLine[]>([]);
  const leftOut = useRef(0);
  const log = useRef(new ContainerLog());
  const draw = useRef<() => void>(() => undefined);
  draw.current = useSoon(DRAW_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another life is what it is read again for
  useEffect(() => {
    const stop = new AbortController();
    const add = (more: ContainerLine[]) => {
      lines.current.push(...more);
      const over = lines.current.length - KEPT;
      if (over > 0) leftOut.current += lines.current.splice(0, over).length;
      draw.current();
    };
    const say = (next: LogPhase, why: HubError | null = null) => {
      if (!stop.signal.aborted) setPhase([next, why]);
    };
    void follow(containerPath(server, container, "/logs"), log.current, add, say, stop.signal);
    return () => stop.abort();
  }, [server, container, life]);
  return { lines: lines.current, leftOut: leftOut.current, phase, error };
}

type Say = (phase: LogPhase, error?: HubError | null) => void;

/** Read it, and go on where it was, until it ends or may not be read. */
async function follow(
  path: string,
  log: ContainerLog,
  add: (lines: ContainerLine[]) => void,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const lines of read(path, log, signal, () => say("reading"))) {
        failures = 0;
        add(lines);
      }
      say("ended");
      return;
    } catch (failure) {
      const error = asHubError(failure);
      if (!passes(error)) {
        say("failed", error);
        return;
      }
      say("away", error);
      failures += 1;
      await new Promise((done) => setTimeout(done, wait(failures)));
    }
  }
}

const passes = (error: HubError) => mayPass(error) || ["offline", "conflict"].includes(error.code);

async function* read(
  path: string,
  log: ContainerLog,
  signal: AbortSignal,
  began: () => void,
): AsyncGenerator<ContainerLine[]> {
  const { since } = log;
  log.resume();
  const asked = { follow: "true", timestamps: "true", ...(since ? { since } : { tail: TAIL }) };
  const names = new Map<number, LogStream>();
  for await (const frame of frames(path, asked, signal)) {
    if (typeof frame !== "string") {
      const name = names.get(frame.stream);
      if (name) yield log.take(name, frame.data);
      continue;
    }
    const event = JSON.parse(frame) as LogsEvent;
    if (event.event === "end") return;
    if (event.event === "error") throw broken(event);
    if (event.stdout !== undefined) names.set(event.stdout, "stdout");
    if (event.stderr !== undefined) names.set(event.stderr, "stderr");
    began();
  }
  throw new HubError("unreachable", "the log was broken off");
}

function broken({ error }: LogsEvent): HubError {
  return new HubError(error?.code ?? "internal", error?.message ?? "the log was broken off");
}
