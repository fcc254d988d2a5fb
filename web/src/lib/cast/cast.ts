// asciicast v2, the format of recordings: a header, and one line for each thing that happened.

/** `o`: printed. `r`: another size. `m`: something of the output is missing. */
export type CastEvent = [seconds: number, code: string, text: string];

export interface Cast {
  cols: number;
  rows: number;
  events: CastEvent[];
}

const MOST_CELLS = 1_000;

/** A recording from its text. A line that is not whole, of a hub that was killed, is its end. */
export function parseCast(text: string): Cast {
  const [first = "", ...lines] = text.split("\n");
  const head = object(first);
  const cols = cells(head?.width);
  const rows = cells(head?.height);
  if (!cols || !rows) throw new Error("this is no recording in asciicast v2");
  const events: CastEvent[] = [];
  for (const line of lines) {
    const event = line && parseEvent(line);
    if (!event) break;
    events.push(event);
  }
  return { cols, rows, events };
}

/** The columns and rows that an `r` says; null: it says none. */
export function sizeOf(text: string): { cols: number; rows: number } | null {
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  const cols = cells(Number(width));
  const rows = cells(Number(height));
  return cols && rows ? { cols, rows } : null;
}

function cells(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_CELLS
    ? value
    : null;
}

function object(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function parseEvent(line: string): CastEvent | null {
  const value: unknown = object(line);
  if (!Array.isArray(value)) return null;
  const [seconds, code, text] = value as unknown[];
  return typeof seconds === "number" && typeof code === "string" && typeof text === "string"
    ? [seconds, code, text]
    : null;
}
