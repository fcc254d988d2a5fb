import { NavLink } from "react-router";
import { cn } from "@/lib/cn";

const TABS = [
  ["/alerts", "Alerts"],
  ["/alerts/rules", "Thresholds"],
  ["/alerts/silences", "Silences"],
] as const;

/** What is wrong, what says so, and of what nobody is told. */
export function AlertTabs() {
  return (
    <nav aria-label="Alerts" className="flex gap-1 border-b">
      {TABS.map(([to, name]) => (
        <NavLink
          key={to}
          to={to}
          end
          className={({ isActive }) =>
            cn(
              "-mb-px border-b-2 border-transparent px-3 py-1.5 text-sm hover:bg-raised",
              isActive && "border-accent font-medium text-accent",
            )
          }
        >
          {name}
        </NavLink>
      ))}
    </nav>
  );
}
