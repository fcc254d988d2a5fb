import { cn } from "@/lib/cn";

/** Grey lines where something is about to stand. */
export function Skeleton({ rows = 3, className }: { rows?: number; className?: string }) {
  const lines = Array.from({ length: rows }, (_, row) => `line ${row}`);
  return (
    <div role="status" aria-label="Loading" className="grid gap-2">
      {lines.map((line) => (
        <div key={line} className={cn("h-6 animate-pulse rounded bg-raised", className)} />
      ))}
    </div>
  );
}
