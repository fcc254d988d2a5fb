import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useSession } from "@/stores/session";
import type { HubSocket as Made } from "./socket";

const made: FakeSocket[] = [];

/** A browser's socket, which does what the test says. */
class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen = () => undefined;
  onmessage = (_: { data: string }) => undefined;
  onclose = (_: { code: number; reason: string }) => undefined;

  constructor() {
    made.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
  }
  says(type: string): void {
    this.onmessage({ data: JSON.stringify({ type }) });
  }
  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
    this.says("auth_success");
  }
}

let online: () => void = () => undefined;
let HubSocket: typeof Made;
let socket: Made;

function open(): void {
  socket = new HubSocket("/metrics", { onOpen: () => undefined, onMessage: () => undefined });
}

beforeEach(async () => {
  vi.useFakeTimers();
  made.length = 0;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("BroadcastChannel", class {});
  vi.stubGlobal("fetch", () => Promise.resolve({ status: 200 })); // the hub itself is there
  vi.stubGlobal("window", {
    location: { protocol: "http:", host: "hub" },
    addEventListener: (_: string, listener: () => void) => {
      online = listener;
    },
    removeEventListener: () => undefined,
  });
  useSession.getState().begin("id", "token", Date.now() + 30 * 60_000);
  ({ HubSocket } = await import("./socket"));
});

afterEach(() => {
  socket.close();
  useSession.getState().end();
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("HubSocket", () => {
  it("connects once, also where the network comes back while it is about to", async () => {
    open();
    online();
    await vi.advanceTimersByTimeAsync(0);
    expect(made).toHaveLength(1);
  });

  it("leaves a quiet link alone whose timers come once a minute", async () => {
    open();
    await vi.advanceTimersByTimeAsync(0);
    made[0]?.opens();
    for (let minute = 0; minute < 5; minute += 1) {
      vi.setSystemTime(Date.now() + 50_000);
      await vi.advanceTimersByTimeAsync(10_000);
      made[0]?.says("pong");
    }
    expect(made).toHaveLength(1);
  });

  it("gives a dead link up within half a minute and makes another", async () => {
    open();
    await vi.advanceTimersByTimeAsync(0);
    made[0]?.opens();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(made).toHaveLength(2);
  });

  it("is back as soon as the hub is, whatever it had to wait", async () => {
    let there = false;
    const answer = () => (there ? Promise.resolve({ status: 200 }) : Promise.reject(new Error()));
    vi.stubGlobal("fetch", answer);
    vi.spyOn(Math, "random").mockReturnValue(1);
    open();
    await vi.advanceTimersByTimeAsync(0);
    for (let failure = 0; failure < 6; failure += 1) {
      made.at(-1)?.onclose({ code: 1006, reason: "" });
      await vi.advanceTimersByTimeAsync(failure < 5 ? 15_000 : 0);
    }
    expect(made).toHaveLength(6);
    there = true;
    await vi.advanceTimersByTimeAsync(2_000); // it would have waited for 15 s
    expect(made).toHaveLength(7);
  });
});
