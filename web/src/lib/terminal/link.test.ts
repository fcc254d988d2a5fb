import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Message } from "@/socket/socket";
import { TerminalLink } from "./link";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const start = {
  event: "start",
  server: "web-1",
  command_id: "c",
  run_id: "r",
  stdout: 1,
  stderr: 2,
};

let said: Message[];
let typed: [number, string][];
let shown: string;
let notes: string[];
let link: TerminalLink;

const outlet = {
  send: (message: Message) => said.push(message),
  sendFrame: (_: number, offset: number, data: Uint8Array) => typed.push([offset, text(data)]),
};
const event = (data: object) => link.message({ type: "command_event", data });
const print = (stream: number, offset: number, words: string) =>
  link.frame({ stream, offset, data: bytes(words) });

beforeEach(() => {
  [said, typed, shown, notes] = [[], [], "", []];
  link = new TerminalLink(
    { command: "sh", container: "app", key: "k" },
    {
      size: () => ({ rows: 24, cols: 80 }),
      print: (data) => {
        shown += text(data);
      },
      note: (note) => notes.push(note),
      changed: () => undefined,
    },
  );
  link.opened(outlet);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("terminal link", () => {
  it("opens with its key, and comes back by its id from where it was", () => {
    expect(said[0]).toMatchObject({
      type: "terminal",
      rows: 24,
      cols: 80,
      key: "k",
      command: "sh",
      container: "app",
    });
    event(start);
    print(1, 0, "$ ls\n");
    link.lost();
    link.opened(outlet);
    expect(said.at(-1)).toEqual({
      type: "terminal",
      rows: 24,
      cols: 80,
      command_id: "c",
      offset: 5,
    });
    event({ ...start, stdout: 3, stderr: 4 });
    print(3, 2, "ls\nfile\n");
    expect(shown).toBe("$ ls\nfile\n");
  });

  it("sends what is typed as far as there is credit, and once", () => {
    link.type(bytes("ls\n"));
    event(start);
    link.message({ type: "stream_open", stream: 0 });
    expect(typed).toEqual([]);
    link.message({ type: "stream_credit", stream: 0, credit: 100, offset: 0 });
    link.lost();
    link.type(bytes("pwd\n"));
    link.opened(outlet);
    link.message({ type: "stream_open", stream: 0 });
    link.message({ type: "stream_credit", stream: 0, credit: 100, offset: 3 });
    expect(typed).toEqual([
      [0, "ls\n"],
      [3, "pwd\n"],
    ]);
  });

  it("says that the server is away where it stays away, and that it is back", () => {
    vi.useFakeTimers();
    event(start);
    link.message({ type: "stream_cut", stream: 0 });
    vi.advanceTimersByTime(2000);
    link.message({ type: "stream_open", stream: 0 });
    vi.advanceTimersByTime(9000);
    expect(notes).toEqual([]);
    link.message({ type: "stream_cut", stream: 0 });
    vi.advanceTimersByTime(9000);
    expect(notes).toEqual(["the server is away; what you type waits for it"]);
    link.message({ type: "stream_open", stream: 0 });
    expect(notes.at(-1)).toBe("the server is back");
    expect(said.at(-1)).toMatchObject({ type: "resize", redraw: true });
  });

  it("says which bytes are lost, and has the screen drawn anew", () => {
    event(start);
    print(1, 7, "x");
    expect(notes).toEqual(["7 bytes of output are lost"]);
    expect(said.at(-1)).toMatchObject({ type: "resize", redraw: true });
  });

  it("ends with the program's result, or with the hub's refusal", () => {
    event({ event: "end", result: { status: "failed", exit_code: 3 } });
    expect([link.over, link.result?.exit_code]).toEqual([true, 3]);
    link.message({ type: "error", code: "malformed", message: "no such size" });
    expect(link.refusal?.message).toBe("no such size");
  });

  it("hangs up at the end of what was typed, and says when it cannot", () => {
    event(start);
    link.type(bytes("exit"));
    link.message({ type: "stream_credit", credit: 10, offset: 0 });
    expect(link.hangUp()).toBe(true);
    expect(said.at(-1)).toMatchObject({ type: "stream_close", stream: 0, offset: 4 });
    link.lost();
    expect(link.hangUp()).toBe(false);
  });

  it("shows what the agent says of it as a note", () => {
    event(start);
    print(2, 0, "idle for 10m\n");
    expect([shown, notes]).toEqual(["", ["idle for 10m"]]);
  });
});
