import { DropdownMenu as Radix } from "radix-ui";
import { createContext, type ReactNode, type RefObject, useContext, useRef } from "react";
import { cn } from "@/lib/cn";
import { chosenFrom } from "./opener";

const Trigger = createContext<RefObject<HTMLButtonElement | null> | null>(null);

/** A button (`trigger`) that opens a list of actions. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild ref={button}>
        {trigger}
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-44 rounded-md border bg-card p-1 shadow-lg"
        >
          <Trigger value={button}>{children}</Trigger>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ItemProps {
  onSelect: () => void;
  children: ReactNode;
  danger?: boolean;
  disabled?: boolean;
}

export function MenuItem({ onSelect, children, danger, disabled }: ItemProps) {
  const trigger = useContext(Trigger);
  return (
    <Radix.Item
      onSelect={() => {
        chosenFrom(trigger?.current ?? null);
        onSelect();
      }}
      disabled={disabled ?? false}
      className={cn(
        "flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-sm outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-raised [&_svg]:size-4",
        danger && "text-bad",
      )}
    >
      {children}
    </Radix.Item>
  );
}

export const MenuLine = () => <Radix.Separator className="my-1 border-t" />;
