import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

const button = cva(
  "inline-flex items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        main: "bg-accent text-on-accent hover:opacity-90",
        plain: "border bg-card hover:bg-raised",
        quiet: "hover:bg-raised",
        danger: "border border-bad text-bad hover:bg-bad hover:text-card",
      },
      size: { normal: "h-9 px-3.5 text-sm", small: "h-7 px-2 text-xs", icon: "size-9" },
    },
    defaultVariants: { look: "plain", size: "normal" },
  },
);

interface Props extends ComponentProps<"button">, VariantProps<typeof button> {
  /** Give the looks to the only child, a link say. */
  asChild?: boolean;
}

export function Button({ className, look, size, asChild = false, ...rest }: Props) {
  const Element = asChild ? Slot.Root : "button";
  const type = asChild ? {} : { type: rest.type ?? ("button" as const) };
  return <Element className={cn(button({ look, size }), className)} {...rest} {...type} />;
}
