import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

// Phones zoom into a box whose letters are smaller than 16 pixels.
const BOX =
  "w-full rounded-md border bg-card px-3 text-[16px] md:text-sm placeholder:text-faint disabled:opacity-50 aria-invalid:border-bad";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(BOX, "h-9", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(BOX, "min-h-20 py-2", className)} {...rest} />;
}

/** The browser's own list: it works by keyboard, on a phone, and with a screen reader. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(BOX, "h-9 pr-8 max-md:min-w-fit", className)} {...rest} />;
}

export function Checkbox({ className, ...rest }: ComponentProps<"input">) {
  return <input type="checkbox" className={cn("size-4 accent-accent", className)} {...rest} />;
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  className?: string;
  children: (props: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: true;
  }) => ReactNode;
}

/** A control with its label, its hint and what is wrong with it, tied together for everybody. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const about = error || hint ? { "aria-describedby": `${id}-about` } : {};
  return (
    <div className={cn("grid gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({ id, ...about, ...(error ? { "aria-invalid": true as const } : {}) })}
      {(error || hint) && (
        <p id={`${id}-about`} className={cn("text-xs", error ? "text-bad" : "text-faint")}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
