import { X } from "lucide-react";
import { create } from "zustand";
import { cn } from "@/lib/cn";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const STAYS_MS = 6_000;
let last = 0;

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

/** Say in a corner what came of something. What went wrong stays until it is closed. */
export function toast(text: string, options: { bad?: boolean } = {}): void {
  last += 1;
  const one = { id: last, text, bad: options.bad ?? false };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, one].slice(-4) }));
  if (!one.bad) setTimeout(() => dismiss(one.id), STAYS_MS);
}

function dismiss(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));
}

export function Toasts() {
  const { toasts } = useToasts();
  return (
    <div aria-live="polite" className="fixed right-3 bottom-3 z-60 grid w-80 max-w-[92vw] gap-2">
      {toasts.map((one) => (
        <div
          key={one.id}
          role={one.bad ? "alert" : "status"}
          className={cn(
            "flex items-start justify-between gap-2 rounded-md border bg-card p-3 text-sm shadow-lg",
            one.bad ? "border-bad" : "border-good",
          )}
        >
          <span className="min-w-0 break-words">{one.text}</span>
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(one.id)}>
            <X className="size-4" />
          </button>
        </div>
      ))}
    </div>
  );
}
