import { describe, expect, it } from "vitest";
import type { AuditRecord, AuditVerdict } from "@/api/types";
import { recordText, verdictText } from "./audit";
import { auditCommands } from "./commands/audit";

const record = (id: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
  id,
  ts: "2026-01-01T00:00:00.000Z",
  user: "ada",
  action: "commands.run",
  target: "Web-1",
  outcome: "ok",
  address: "127.0.0.1",
  detail: null,
  hash: "00",
  ...more,
});
it("shows a record as text in which nothing works", () => {
  const detail = { command: "\u202e<b>\x1b" } as unknown as AuditRecord["detail"];
  const text = recordText(record(1, { detail }));
  expect(text).toContain('"command": "\\u202e<b>\\u001b"');
  expect(text.split("\n")[1]).toBe('  "id": 1,');
});

describe("verdictText", () => {
  const verdict: AuditVerdict = {
    ok: true,
    records: 75,
    first_id: 1,
    first_ts: "2026-01-01T00:00:00Z",
    last_id: 75,
    last_ts: "2026-01-02T00:00:00Z",
    last_hash: "00",
    pruned_through: null,
    anchor_id: 75,
    fault_id: null,
    missing_through: null,
    reason: null,
    warnings: [],
  };

  it("says that it holds, as far as what", () => {
    const [first, second] = verdictText(verdict);
    expect(first).toMatch(/^The trail holds: 75 records are right, from .* \(record 75\)\.$/);
    expect(second).toBe("The head anchor knows record 75.");
  });

  it("names the first that is wrong, or those that are missing", () => {
    const bad = { ...verdict, ok: false, fault_id: 7, reason: "its hash is another" };
    expect(verdictText(bad)[0]).toContain("record 7 is wrong (its hash is another)");
    expect(verdictText({ ...bad, missing_through: 9 })[0]).toContain("records 7 to 9 are missing");
  });
});

it("has the commands' filters", () => {
  const none = { user: "", action: "", target: "", outcome: "", since: "", until: "" };
  expect(auditCommands.list({ ...none, user: "ada", since: "7d" })).toBe(
    "chatops audit list --user ada --since 7d",
  );
  expect(auditCommands.list({ ...none, target: "web 1", outcome: "bad" })).toBe(
    "chatops audit list --target 'web 1' --outcome bad",
  );
});
