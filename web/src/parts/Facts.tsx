import type { ReactNode } from "react";

/** Names and what they are; what is not there (null, undefined, "") is left out. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  const there = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl className="grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
      {there.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-faint">{name}</dt>
          <dd className="min-w-0 break-words tabular-nums max-sm:mb-1.5">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
