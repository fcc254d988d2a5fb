import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

/** A table that scrolls sideways by itself where the page is narrower than it is. */
export function Table({ className, ...rest }: ComponentProps<"table">) {
  return (
    <section
      className="relative overflow-x-auto"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keyboard
      tabIndex={0}
      aria-label={rest["aria-label"] ?? "table"}
    >
      <table className={cn("w-full border-collapse text-sm", className)} {...rest} />
    </section>
  );
}

export function Th({ className, ...rest }: ComponentProps<"th">) {
  return (
    <th
      scope="col"
      className={cn("border-b px-2 py-1.5 text-left font-medium text-faint", className)}
      {...rest}
    />
  );
}

export function Td({ className, ...rest }: ComponentProps<"td">) {
  return <td className={cn("border-b px-2 py-1.5 align-top", className)} {...rest} />;
}
