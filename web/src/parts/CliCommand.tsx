import { Check, Copy, Terminal } from "lucide-react";
import { useState } from "react";
import { toClipboard } from "@/lib/clipboard";
import { visible, visibleLines } from "@/lib/text";
import { toast } from "@/ui/toast";

/** The command that does the same in a terminal, to be copied. */
export function CliCommand({ command, onCopied }: { command: string; onCopied?: () => void }) {
  return (
    <div className="flex min-w-0 items-center gap-2 rounded-md border bg-raised py-1 pr-1 pl-2">
      <Terminal className="size-4 shrink-0 text-faint" aria-hidden />
      <code className="min-w-0 flex-1 font-mono text-xs wrap-anywhere whitespace-pre-wrap">
        {visibleLines(command)}
      </code>
      <CopyButton text={command} label="Copy the command" {...(onCopied && { onCopied })} />
    </div>
  );
}

interface CopyProps {
  text: string;
  label: string;
  /** Called when it is on the clipboard. */
  onCopied?: () => void;
}

/** Only the button, for a row of a table; what it copies shows as its tip. */
export function CopyButton({ text, label, onCopied }: CopyProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await toClipboard(text))) {
      toast("this browser does not let the page copy: select the text instead", { bad: true });
      return;
    }
    setCopied(true);
    onCopied?.();
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={label}
      title={visible(text)}
      className="rounded p-1.5 hover:bg-card [&_svg]:size-3.5"
    >
      {copied ? <Check className="text-good" /> : <Copy />}
    </button>
  );
}
