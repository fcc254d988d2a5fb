import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { toClipboard } from "@/lib/clipboard";
import { type LogRow, textOf } from "@/lib/logFeed";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";

/** All lines that there are here, onto the clipboard; their text is only made then. */
export function CopyRows({ rows }: { rows: readonly LogRow[] }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await toClipboard(textOf(rows)))) {
      toast("this browser does not let the page copy: select the text instead", { bad: true });
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <Button size="small" disabled={rows.length === 0} onClick={copy}>
      {copied ? <Check /> : <Copy />} Copy the lines
    </Button>
  );
}
