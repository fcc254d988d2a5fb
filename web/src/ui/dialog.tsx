import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef, useState } from "react";
import { cn } from "@/lib/cn";
import { opener } from "./opener";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  wide?: boolean;
  /** Why it is not to be left by Escape, a click beside it or its cross; said when that is tried. */
  hold?: string | undefined;
}

/** Where one begins to fill in a form. */
const FIELD = "input:not([type=checkbox], [readonly]), textarea, select";

/**
 * A window over the page: begins at its first field, keeps the keyboard inside, ends with Escape,
 * gives the focus back.
 */
export function Dialog(props: Props) {
  const { open, onOpenChange, title, description, children, wide, hold } = props;
  const from = useRef<Element | null>(null);
  const [tried, setTried] = useState(false);
  const change = (next: boolean) => (hold && !next ? setTried(true) : onOpenChange(next));
  return (
    <Radix.Root open={open} onOpenChange={change}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          // Opened by state and not by a trigger of Radix's, which would get the focus back.
          onOpenAutoFocus={(event) => {
            from.current = opener();
            const field = (event.target as Element).querySelector<HTMLElement>(FIELD);
            if (!field) return;
            event.preventDefault();
            field.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (from.current instanceof HTMLElement) from.current.focus();
          }}
          className={cn(
            "fixed top-[8dvh] left-1/2 z-50 max-h-[84dvh] w-[calc(100vw-1.5rem)] -translate-x-1/2 overflow-auto rounded-lg border bg-card p-5 shadow-xl",
            wide ? "max-w-4xl" : "max-w-lg",
          )}
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close className="rounded p-1 hover:bg-raised" aria-label="Close">
              <X className="size-4" />
            </Radix.Close>
          </div>
          {description && (
            <Radix.Description className="mb-3 text-sm text-faint">{description}</Radix.Description>
          )}
          {hold && tried && (
            <p role="alert" className="mb-3 text-sm text-warn">
              {hold}
            </p>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
