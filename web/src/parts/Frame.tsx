import { Menu as MenuIcon, TerminalSquare } from "lucide-react";
import { useEffect, useState } from "react";
import { Navigate, NavLink, Outlet, useLocation } from "react-router";
import { useMe } from "@/api/auth";
import { cn } from "@/lib/cn";
import { atLeast } from "@/lib/roles";
import { useReach } from "@/stores/reach";
import { useSession } from "@/stores/session";
import { Button } from "@/ui/button";
import { Account } from "./Account";
import { FleetFeed } from "./FleetFeed";
import { PAGES } from "./pages";

/** What stands round every page: where one can go, who one is, and whether the hub is there. */
export function Frame() {
  const phase = useSession((session) => session.phase);
  const { pathname, search } = useLocation();
  if (phase === "out") {
    return <Navigate to={`/login?${new URLSearchParams({ to: pathname + search })}`} replace />;
  }
  if (phase === "unknown") return <HubAway waiting />;
  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <a
        href="#page"
        className="sr-only z-60 rounded bg-card p-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <FleetFeed />
      <Navigation />
      <main id="page" tabIndex={-1} className="min-w-0 flex-1 outline-none">
        <HubAway />
        <Outlet />
      </main>
    </div>
  );
}

function Navigation() {
  const me = useMe();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone, going somewhere closes it
  useEffect(() => setOpen(false), [pathname]);
  return (
    <header className="sticky top-0 z-30 max-h-dvh overflow-y-auto border-b bg-card md:h-dvh md:w-52 md:shrink-0 md:border-r md:border-b-0">
      <div className="flex h-full flex-col gap-2 p-3">
        <div className="flex items-center justify-between">
          <NavLink to="/servers" className="flex items-center gap-2 px-2 font-semibold">
            <TerminalSquare className="size-5 text-accent" aria-hidden /> ChatOps
          </NavLink>
          <Button
            look="quiet"
            size="icon"
            className="md:hidden"
            aria-label="Menu"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <MenuIcon />
          </Button>
        </div>
        <nav
          aria-label="Pages"
          className={cn("flex-1 gap-0.5 md:flex md:flex-col", open ? "grid" : "hidden md:flex")}
        >
          {PAGES.filter((page) => atLeast(me.data?.role, page.role)).map(({ to, name, Icon }) => (
            <NavLink
              key={to}
              to={to}
              className={({ isActive }) =>
                cn(
                  "flex items-center gap-2 rounded-md px-2 py-1.5 text-sm hover:bg-raised",
                  isActive && "bg-raised font-medium text-accent",
                )
              }
            >
              <Icon className="size-4" aria-hidden /> {name}
            </NavLink>
          ))}
        </nav>
        <div className={cn("md:block", open ? "block" : "hidden")}>
          <Account />
        </div>
      </div>
    </header>
  );
}

/** Says that the hub does not answer, and that nothing needs to be done. */
function HubAway({ waiting = false }: { waiting?: boolean }) {
  const away = useReach(({ away }) => away);
  if (!away) return waiting ? <p className="p-6 text-sm text-faint">Signing in …</p> : null;
  return (
    <p
      role="alert"
      className="sticky top-(--top) z-20 border-b border-bad bg-card px-4 py-2 text-sm text-bad"
    >
      The hub does not answer. What you see may be old; this page comes back by itself.
    </p>
  );
}
