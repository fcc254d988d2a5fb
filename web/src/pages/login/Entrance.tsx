import { TerminalSquare } from "lucide-react";
import type { ReactNode } from "react";
import { useTitle } from "@/parts/Page";

/** What stands round the pages for those who are not signed in. */
export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm rounded-lg border bg-card p-6">
        <div className="mb-5 flex items-center gap-2 text-lg font-semibold">
          <TerminalSquare className="size-6 text-accent" aria-hidden /> ChatOps
        </div>
        <h1 className="mb-4 text-sm text-faint">{title}</h1>
        {children}
      </div>
    </main>
  );
}
