import type { Alert, Server } from "@/api/types";
import { age } from "@/lib/format";
import { useNow } from "@/lib/useNow";
import { Badge, type Tone } from "@/ui/badge";

const SERVER: Record<Server["status"], Tone> = { online: "good", offline: "bad", never: "plain" };
const SEVERITY: Record<Alert["severity"], Tone> = {
  critical: "bad",
  warning: "warn",
  info: "accent",
};

/** Said in words; colour only helps. */
export const ServerStatus = ({ status }: { status: Server["status"] }) => (
  <Badge tone={SERVER[status]}>{status}</Badge>
);

export const SeverityBadge = ({ severity }: { severity: Alert["severity"] }) => (
  <Badge tone={SEVERITY[severity]}>{severity}</Badge>
);

/** How long ago, going on by itself; the time itself as its title. */
export function Age({ time }: { time: string | null | undefined }) {
  const now = useNow();
  if (!time) return <span className="text-faint">never</span>;
  return (
    <time dateTime={time} title={time}>
      {age(time, now)}
    </time>
  );
}
