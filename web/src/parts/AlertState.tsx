import { Link } from "react-router";
import type { Alert } from "@/api/types";
import { stateWords } from "@/lib/alerts";
import { visible } from "@/lib/text";
import { Badge, type Tone } from "@/ui/badge";

/** Of a stale one nobody knows whether it still is. */
function tone(alert: Alert): Tone {
  if (alert.state === "firing" && !alert.stale) return "bad";
  return alert.state === "firing" || alert.state === "acknowledged" ? "warn" : "plain";
}

export const AlertState = ({ alert }: { alert: Alert }) => (
  <Badge tone={tone(alert)}>{stateWords(alert)}</Badge>
);

/** The server, or how many dropped together. */
export function AlertServer({ alert }: { alert: Alert }) {
  if (alert.server) {
    return (
      <Link
        to={`/servers/${encodeURIComponent(alert.server)}`}
        className="font-medium hover:underline"
      >
        {alert.server}
      </Link>
    );
  }
  const names = alert.servers ?? [];
  return (
    <span className="font-medium" title={names.map(visible).join(", ")}>
      {names.length} servers
    </span>
  );
}
