import { NavLink } from "react-router";
import { cn } from "@/lib/cn";

/** Pages that belong together, as a row of links. The first one's path is that of all of them. */
export function SubPages({ label, pages }: { label: string; pages: [to: string, name: string][] }) {
  return (
    <nav aria-label={label} className="overflow-x-auto border-b">
      <ul className="flex gap-1">
        {pages.map(([to, name]) => (
          <li key={to}>
            <NavLink
              to={to}
              end
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
