import { Link } from "react-router";
import type { Mark, MarkTone } from "@/lib/charts/marks";
import { cn } from "@/lib/cn";
import { visible } from "@/lib/text";
import { Card } from "@/ui/card";

const COLOURS: Record<MarkTone, string> = {
  bad: "bg-bad",
  warn: "bg-warn",
  accent: "bg-accent",
  lost: "bg-faint",
};

/** What is marked in the charts, in words. */
export function MarkList({ marks }: { marks: readonly Mark[] }) {
  if (!marks.length) return null;
  return (
    <Card title="Marked in the charts">
      <ul className="grid gap-1.5 text-sm">
        {marks.map(({ key, tone, text, alert }) => (
          <li key={key} className="flex items-baseline gap-2">
            <span aria-hidden className={cn("size-2.5 shrink-0 rounded-sm", COLOURS[tone])} />
            {alert ? (
              <Link to={`/alerts/${alert}`} className="min-w-0 break-words underline">
                {visible(text)}
              </Link>
            ) : (
              <span className="min-w-0 break-words">{visible(text)}</span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
