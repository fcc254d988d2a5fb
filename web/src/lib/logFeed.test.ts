import { describe, expect, it } from "vitest";
import type { LogEntry } from "@/api/types";
import { EMPTY, MOST_LINES, messageOf, take, textOf } from "./logFeed";

const entry = (message: string): LogEntry => ({
  server: "web-1",
  ts: "2026-01-01T00:00:00.000Z",
  level: "info",
  source: "/var/log/app.log",
  message,
});

describe("take", () => {
  it("appends lines, and remembers where to go on", () => {
    const feed = take(take(EMPTY, { after: 5, entries: [entry("a")] }), {
      after: 9,
      entries: [entry("b"), entry("c")],
    });
    expect(feed.rows.map((row) => row.key)).toEqual([0, 1, 2]);
    expect([feed.after, feed.count]).toEqual([9, 3]);
  });

  it("says before its lines what is missing there", () => {
    const { rows } = take(EMPTY, { after: 1, entries: [entry("a")], left_out: 7, gap: "full" });
    expect(rows.map((row) => (row.kind === "note" ? row.text : row.entry.message))).toEqual([
      "Lines may be missing here: full",
      "7 lines were left out here, as this page was too far behind: a search finds them.",
      "a",
    ]);
  });

  it("keeps a bounded number of the newest, and counts on", () => {
    let feed = EMPTY;
    for (let page = 0; page < 7; page += 1) {
      feed = take(feed, { after: page, entries: Array.from({ length: 1000 }, () => entry("x")) });
    }
    expect(feed.rows).toHaveLength(MOST_LINES);
    expect([feed.rows[0]?.key, feed.count]).toEqual([2000, 7000]);
  });

  it("draws nothing again for a page that only names a place", () => {
    const feed = take(EMPTY, { after: 1, entries: [entry("a")] });
    expect(take(feed, { after: 20_000, entries: [] }).rows).toBe(feed.rows);
  });
});

describe("text", () => {
  it("lets nothing of a message work, and shows its lines below one another", () => {
    expect(messageOf(entry("a\x1b[31mb\u202e\n\tat c\r"))).toBe("a\\x1b[31mb\\u202e\n\tat c");
  });

  it("is copied with all that is known of a line, so that none looks like another one", () => {
    const { rows } = take(EMPTY, { after: 1, entries: [entry("one\ntwo")] });
    expect(textOf(rows)).toBe("2026-01-01T00:00:00.000Z web-1 info /var/log/app.log one\n    two");
  });
});
