// The one WebSocket client: signs in by its first frame, says what it wants, notices a dead link,
// and comes back by itself, as the hub's close reasons allow.
import { accessToken, renew } from "@/api/client";
import { HubError } from "@/api/errors";
import { lookForHub, whenBack } from "@/stores/reach";
import { decodeFrame, encodeFrame, type Frame } from "./frames";
import { dead, ending, STEADY_MS, wait } from "./retry";

const PING_MS = 10_000;

/** `waiting`: it comes back by itself. `ended`: it does not; `reason` says why. */
export type SocketState =
  | { phase: "connecting" | "open" }
  | { phase: "waiting"; reason: string }
  | { phase: "ended"; code: number; reason: string };

export interface Message {
  type: string;
  [field: string]: unknown;
}

export interface SocketHandlers {
  /** The hub has let us in: say what is wanted. Called again after each reconnection. */
  onOpen: (socket: HubSocket) => void;
  onMessage: (message: Message) => void;
  onFrame?: (frame: Frame) => void;
  onState?: (state: SocketState) => void;
  /** Whether to come back after the hub closed it as `done`. */
  again?: () => boolean;
}

export class HubSocket {
  private socket: WebSocket | null = null;
  private failures = 0;
  private openedAt = 0;
  /** When this connection was opened; 0 once it is lost, or every later failure would be a first. */
  private heldSince = 0;
  private heardAt = 0;
  /** When the ping was sent that has no answer yet, or the last one. */
  private askedAt = 0;
  /** A token is asked for: the socket is about to be made. */
  private joining = false;
  private stopped = false;
  private said = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private readonly unfollow: () => void;
  private readonly path: string;
  private readonly handlers: SocketHandlers;

  /** `path` is below /api/v1/ws and begins with a slash. */
  constructor(path: string, handlers: SocketHandlers) {
    this.path = path;
    this.handlers = handlers;
    window.addEventListener("online", this.now);
    this.unfollow = whenBack(this.now);
    void this.connect();
  }

  /** Say something; lost when the socket is not open (`onOpen` says it again). */
  send(message: Message): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  sendFrame(stream: number, offset: number, data: Uint8Array): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(encodeFrame(stream, offset, data));
    }
  }

  /** For good. */
  close(): void {
    this.stop();
    this.drop();
  }

  /** Come back at once instead of after the wait. */
  private readonly now = (): void => {
    if (this.socket || this.joining || this.stopped) return;
    clearTimeout(this.timer);
    void this.connect();
  };

  private async connect(ask = accessToken): Promise<void> {
    this.tell({ phase: "connecting" });
    this.joining = true;
    let token: string;
    try {
      token = await ask();
    } catch (error) {
      this.failed(error);
      return;
    } finally {
      this.joining = false;
    }
    if (this.stopped) return;
    const socket = new WebSocket(address(this.path));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = Date.now();
    this.askedAt = this.heardAt;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token }));
    socket.onmessage = (event) => this.heard(event.data);
    socket.onclose = (event) => this.closed(socket, event.code, event.reason);
    this.pinger = setInterval(this.watch, PING_MS);
  }

  private heard(data: string | ArrayBuffer): void {
    this.heardAt = Date.now();
    if (typeof data !== "string") {
      this.handlers.onFrame?.(decodeFrame(data));
      return;
    }
    const message = JSON.parse(data) as Message;
    if (message.type === "ping") this.send({ ...message, type: "pong" });
    else if (message.type === "auth_success") this.opened();
    else if (message.type !== "pong") {
      if (message.type === "error") this.said = String(message.message ?? "");
      this.handlers.onMessage(message);
    }
  }

  private opened(): void {
    this.openedAt = Date.now();
    this.heldSince = this.openedAt;
    this.said = "";
    this.tell({ phase: "open" });
    this.handlers.onOpen(this);
  }

  private readonly watch = (): void => {
    const now = Date.now();
    if (dead(this.askedAt, this.heardAt, now)) {
      this.drop();
      this.comeBack("nothing was heard from the hub for too long");
      return;
    }
    if (this.heardAt >= this.askedAt) this.askedAt = now;
    this.send({ type: "ping" });
  };

  private closed(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    this.drop();
    if (this.stopped) return;
    const why = this.said || reason;
    const next = ending(code);
    const over = reason === "done" && this.handlers.again?.() === false;
    if (over || next === "final" || (next === "renew" && !this.openedAt)) this.end(code, why);
    else if (next === "renew") {
      this.openedAt = 0; // one renewed token gets one attempt, or the two would loop
      void this.connect(renew);
    } else this.comeBack(why);
  }

  private failed(error: unknown): void {
    if (this.stopped) return;
    if (error instanceof HubError && error.code === "not_signed_in") this.end(4014, error.message);
    else this.comeBack(error instanceof Error ? error.message : String(error));
  }

  private comeBack(reason: string): void {
    const steady = this.heldSince > 0 && Date.now() - this.heldSince > STEADY_MS;
    this.heldSince = 0;
    this.failures = steady ? 1 : this.failures + 1;
    this.tell({ phase: "waiting", reason });
    this.timer = setTimeout(this.now, wait(this.failures));
    void lookForHub();
  }

  private stop(): void {
    this.stopped = true;
    this.unfollow();
    window.removeEventListener("online", this.now);
  }

  private end(code: number, reason: string): void {
    this.stop();
    this.tell({ phase: "ended", code, reason });
  }

  private drop(): void {
    clearInterval(this.pinger);
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private tell(state: SocketState): void {
    this.handlers.onState?.(state);
  }
}

function address(path: string): string {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${window.location.host}/api/v1/ws${path}`;
}
