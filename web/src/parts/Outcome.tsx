import { advice, type CommandStatus, ending, statusWord, tone } from "@/lib/runs/outcome";
import { visible } from "@/lib/text";
import { Badge } from "@/ui/badge";

export const CommandStatusBadge = ({ status }: { status: CommandStatus }) => (
  <Badge tone={tone(status)}>{statusWord(status)}</Badge>
);

interface Ended {
  status: CommandStatus;
  exit_code?: number | null;
  signal?: number | null;
  error?: string | null;
}

/** How a command ended, and what one can do about it. */
export function Outcome({ ended }: { ended: Ended }) {
  const words = ending(ended);
  const more = advice(ended);
  return (
    <span className="inline-flex min-w-0 flex-wrap items-baseline gap-x-2 gap-y-1">
      <CommandStatusBadge status={ended.status} />
      {words && <span className="min-w-0 break-words">{visible(words)}</span>}
      {more && <span className="min-w-0 break-words text-faint">{more}</span>}
    </span>
  );
}
