import { describe, expect, it } from "vitest";
import type { CommandResult, Run } from "@/api/types";
import { Following } from "./following";
import { counts, runRows } from "./rows";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const command = (server: string, status: Run["commands"][number]["status"]) => ({
  id: `c-${server}`,
  server,
  status,
  exit_code: null,
  signal: null,
  error: null,
});
const run = (...commands: Run["commands"]) => ({ commands }) as Run;

function heard(status: CommandResult["status"] | null, stdout: string, stderr = ""): Following {
  const following = new Following(1000);
  following.event({ event: "start", server: "a", command_id: "c-a", stdout: 1, stderr: 2 });
  if (stdout) following.frame({ stream: 1, offset: 0, data: bytes(stdout) });
  if (stderr) following.frame({ stream: 2, offset: 0, data: bytes(stderr) });
  const result = { server: "a", command_id: "c-a", status, exit_code: 2, duration_ms: 7 };
  if (status) following.event({ event: "end", result: result as CommandResult });
  return following;
}

describe("rows of a run", () => {
  it("show what is heard before the record says it", () => {
    const [row] = runRows(run(command("a", "running")), heard("failed", "1\n2\n3\n4\n", "oh no\n"));
    expect(row).toMatchObject({ status: "failed", exit_code: 2, duration_ms: 7, last: ["oh no"] });
  });

  it("believe the record once it is final", () => {
    const [row] = runRows(run(command("a", "succeeded")), heard("lost", "1\n2\n3\n4\n"));
    expect(row).toMatchObject({ status: "succeeded", last: ["2", "3", "4"] });
  });

  it("show what was sent and prints as running, and put failures first", () => {
    const rows = runRows(run(command("a", "sent"), command("b", "offline")), heard(null, "x\n"));
    expect(rows.map(({ server, status }) => [server, status])).toEqual([
      ["b", "offline"],
      ["a", "running"],
    ]);
    expect(counts(rows)).toEqual([
      ["running", 1],
      ["offline", 1],
    ]);
  });
});
