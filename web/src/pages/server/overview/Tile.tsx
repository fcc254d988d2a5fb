import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { percent } from "@/lib/format";
import { visible } from "@/lib/text";
import { Sparkline } from "@/parts/Sparkline";

interface Props {
  title: string;
  value: ReactNode;
  /** Of now, or the last that is known. */
  old: boolean;
  detail?: ReactNode;
  recent?: { values: readonly number[]; most?: number } | undefined;
  children?: ReactNode;
}

/** One value of a server: large, with what it is made of below. */
export function Tile({ title, value, old, detail, recent, children }: Props) {
  return (
    <section
      aria-label={title}
      className="grid content-start gap-1.5 rounded-lg border bg-card p-3.5"
    >
      <h2 className="text-sm text-faint">{title}</h2>
      <div className="flex items-center justify-between gap-2">
        <p className={cn("text-xl font-semibold tabular-nums", old && "text-faint")}>{value}</p>
        {recent && !old && <Sparkline {...recent} label={`${title}, the last two minutes`} />}
      </div>
      {detail && <p className="text-xs text-faint tabular-nums">{detail}</p>}
      {children}
    </section>
  );
}

/** A part of something that can be full. The number says it; the bar only helps. */
export function Bar({ value }: { value: number | null | undefined }) {
  const part = Math.min(100, Math.max(0, value ?? 0));
  const colour = part >= 90 ? "bg-bad" : part >= 80 ? "bg-warn" : "bg-accent";
  return (
    <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-raised">
      <div className={cn("h-full rounded-full", colour)} style={{ width: `${part}%` }} />
    </div>
  );
}

export interface ListRow {
  name: string;
  value: string;
  /** Draws a bar. */
  part?: number | null | undefined;
  more?: string | undefined;
}

const SHOWN = 4;

/** Disks, interfaces, sensors: the first few, the rest behind a click. */
export function Rows({ rows, what }: { rows: ListRow[]; what: string }) {
  const rest = rows.slice(SHOWN);
  return (
    <div className="grid gap-1.5">
      <List rows={rows.slice(0, SHOWN)} />
      {rest.length > 0 && (
        <details>
          <summary className="cursor-pointer text-xs text-faint">
            {rest.length} more {what}
          </summary>
          <div className="mt-1.5">
            <List rows={rest} />
          </div>
        </details>
      )}
    </div>
  );
}

function List({ rows }: { rows: ListRow[] }) {
  return (
    <ul className="grid gap-1.5 text-xs">
      {rows.map(({ name, value, part, more }) => (
        <li key={name} className="grid gap-1">
          <span className="flex justify-between gap-2">
            <span className="min-w-0 truncate" title={visible(name)}>
              {visible(name)}
            </span>
            <span className="shrink-0 tabular-nums">
              {value} {more && <span className="text-faint">{more}</span>}
            </span>
          </span>
          {part !== undefined && <Bar value={part} />}
        </li>
      ))}
    </ul>
  );
}

/** Of each core, as columns. */
export function Cores({ cores }: { cores: readonly number[] }) {
  if (cores.length < 2) return null;
  const label = `Cores: ${cores.map(percent).join(", ")}`;
  return (
    <div role="img" aria-label={label} title={label} className="flex h-6 items-end gap-px">
      {cores.map((core, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: a core has no other name
          key={index}
          className="min-w-0 flex-1 bg-accent/70"
          style={{ height: `${Math.max(4, Math.min(100, core))}%` }}
        />
      ))}
    </div>
  );
}
