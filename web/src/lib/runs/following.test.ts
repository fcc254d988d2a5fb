import { describe, expect, it } from "vitest";
import type { CommandResult } from "@/api/types";
import { Following } from "./following";
import { TextTail } from "./tail";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const result = (server: string) =>
  ({ server, command_id: `c-${server}`, run_id: "r", status: "succeeded" }) as CommandResult;
const start = (server: string, stdout: number) => ({
  event: "start" as const,
  server,
  command_id: `c-${server}`,
  run_id: "r",
  stdout,
  stderr: stdout + 1,
});

function begun(servers = 1): Following {
  const run = new Following(1000);
  run.event({ event: "run", run_id: "r", servers });
  return run;
}

describe("following", () => {
  it("puts each stream's bytes where they belong, and is over when all servers are", () => {
    const run = begun(2);
    run.event(start("a", 1));
    run.event(start("b", 3));
    run.frame({ stream: 1, offset: 0, data: bytes("one\n") });
    run.frame({ stream: 4, offset: 0, data: bytes("bad\n") });
    run.event({ event: "end", result: result("a"), stdout_bytes: 4, stderr_bytes: 0 });
    expect(run.over).toBe(false);
    run.event({ event: "end", result: result("b"), stdout_bytes: 0, stderr_bytes: 4 });
    expect(run.over).toBe(true);
    expect(run.commands.get("c-a")?.stdout.text).toBe("one\n");
    expect(run.commands.get("c-b")?.stderr.text).toBe("bad\n");
  });

  it("takes no byte twice after a lost connection, whose numbers are others then", () => {
    const run = begun();
    run.event(start("a", 1));
    run.frame({ stream: 1, offset: 0, data: bytes("hello ") });
    expect(run.reopened()).toEqual({ "c-a": [6, 0] });
    run.event(start("a", 7));
    run.frame({ stream: 1, offset: 6, data: bytes("nobody") });
    run.frame({ stream: 7, offset: 3, data: bytes("lo world") });
    expect(run.commands.get("c-a")?.stdout.text).toBe("hello world");
  });

  it("counts what never came, in the middle and at the end", () => {
    const run = begun();
    run.event(start("a", 1));
    run.frame({ stream: 1, offset: 10, data: bytes("x") });
    run.event({ event: "end", command_id: "c-a", result: result("a"), stdout_bytes: 16 });
    expect(run.commands.get("c-a")?.missing).toBe(15);
  });

  it("ends with what the hub says when it cannot go on", () => {
    const run = begun(3);
    run.event({ event: "error", error: { code: "not_permitted", message: "your share ended" } });
    expect([run.over, run.error?.message]).toEqual([true, "your share ended"]);
  });
});

describe("tail", () => {
  it("keeps the end, from the beginning of a line, and counts the rest", () => {
    const tail = new TextTail(10);
    tail.add(bytes("aaaa\nbbbb\ncccc\ndddd\neeee\n"));
    expect(tail.text).toBe("dddd\neeee\n");
    expect(tail.leftOut).toBe(15);
  });

  it("puts characters together that come in parts", () => {
    const tail = new TextTail(100);
    for (const one of bytes("é€")) tail.add(new Uint8Array([one]));
    expect(tail.text).toBe("é€");
  });

  it("says where bytes are missing, so that what is left does not read as one line", () => {
    const tail = new TextTail(100);
    tail.add(bytes("rm -r /tmp/€").slice(0, -1));
    tail.gap(7);
    tail.add(bytes("etc\n"));
    expect(tail.text).toBe("rm -r /tmp/\ufffd\n[chatops: 7 bytes are missing here]\netc\n");
  });

  it("tells the last lines that hold something", () => {
    const tail = new TextTail(100);
    tail.add(bytes("a\n\nb\r\nc\n\n"));
    expect(tail.last(2)).toEqual(["b", "c"]);
  });
});
