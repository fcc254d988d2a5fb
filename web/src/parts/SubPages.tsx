import { useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";
import { cn } from "@/lib/cn";

/**
 * Pages that belong together, as a row of links of which the chosen one is in sight. The first one's
 * path is that of all of them.
 */
export function SubPages({ label, pages }: { label: string; pages: [to: string, name: string][] }) {
  const list = useRef<HTMLUListElement>(null);
  const { pathname } = useLocation();
  const first = pages[0]?.[0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another chosen link, more pages are other places
  useEffect(() => {
    const chosen = list.current?.querySelector("[aria-current=page]");
    chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname, pages.length]);
  return (
    <nav aria-label={label} className="overflow-x-auto border-b">
      <ul ref={list} className="flex gap-1">
        {pages.map(([to, name]) => (
          <li key={to}>
            <NavLink
              to={to}
              end={to === first}
              className={({ isActive }) =>
                cn(
                  "-mb-px block border-b-2 px-3 py-2 text-sm whitespace-nowrap hover:text-ink focus-visible:-outline-offset-2",
                  isActive ? "border-accent font-medium text-ink" : "border-transparent text-faint",
                )
              }
            >
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
