// Log lines as they come, page by page: pure, so that it can be tested without a socket.
import type { LogEntry } from "@/api/types";
import { clock } from "./format";
import { visible, visibleLines } from "./text";

/** So many lines are kept of what comes; the oldest go. */
export const MOST_LINES = 5_000;

/** What `tail` is answered with; docs/reference/wire.md. */
export interface LogPage {
  after: number;
  entries: LogEntry[];
  left_out?: number;
  gap?: string | null;
  since?: string | null;
  none?: boolean;
}

/** A line, or what is to be said between two of them. */
export type LogRow =
  | { key: number; kind: "line"; entry: LogEntry }
  | { key: number; kind: "note"; text: string };

export interface LogFeed {
  rows: LogRow[];
  /** The place behind the last page, from which it goes on after a lost connection. */
  after: number | null;
  /** Rows that ever came; the next one's key. */
  count: number;
  /** The target means no server now. */
  none: boolean;
}

export const EMPTY: LogFeed = { rows: [], after: null, count: 0, none: false };

/** The feed with the next page. What is missing before its lines is said there. */
export function take(feed: LogFeed, page: LogPage): LogFeed {
  let { count } = feed;
  const notes: LogRow[] = said(page).map((text) => ({ key: count++, kind: "note", text }));
  const lines: LogRow[] = page.entries.map((entry) => ({ key: count++, kind: "line", entry }));
  const came = [...notes, ...lines];
  const rows = came.length ? [...feed.rows, ...came].slice(-MOST_LINES) : feed.rows;
  return { rows, after: page.after, count, none: page.none ?? false };
}

function said(page: LogPage): string[] {
  const notes: string[] = [];
  if (page.since) notes.push(`The hub looked no further back than ${clock(page.since)}.`);
  if (page.gap) notes.push(`Lines may be missing here: ${visible(page.gap)}`);
  if (page.left_out) {
    const what = page.left_out === 1 ? "1 line was" : `${page.left_out} lines were`;
    notes.push(`${what} left out here, as this page was too far behind: a search finds them.`);
  }
  return notes;
}

/** A message as it is shown: without the return at its end, and nothing in it works. */
export const messageOf = (entry: LogEntry): string =>
  visibleLines(entry.message.replace(/\r$/, ""));

/** Rows as text to be copied: a line each, the further lines of a message indented. */
export function textOf(rows: readonly LogRow[]): string {
  return rows.map((row) => (row.kind === "note" ? `-- ${row.text}` : lineOf(row.entry))).join("\n");
}

function lineOf(entry: LogEntry): string {
  const head = [entry.ts, visible(entry.server ?? "-"), entry.level, visible(entry.source)];
  return `${head.join(" ")} ${messageOf(entry).replaceAll("\n", "\n    ")}`;
}
