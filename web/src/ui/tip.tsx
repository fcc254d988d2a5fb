import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** A word more about `children`, by mouse and by keyboard. */
export function Tip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={5}
          className="z-60 max-w-80 rounded border bg-raised px-2 py-1 text-xs break-words shadow"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export const TipProvider = Radix.Provider;
