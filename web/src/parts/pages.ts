import {
  Bell,
  Film,
  ListChecks,
  type LucideIcon,
  ScrollText,
  Server,
  Settings,
  ShieldCheck,
  SquareChevronRight,
} from "lucide-react";
import type { Role } from "@/api/types";

interface PageLink {
  to: string;
  name: string;
  Icon: LucideIcon;
  role: Role;
}

/** What the navigation offers, and to whom. */
export const PAGES: PageLink[] = [
  { to: "/servers", name: "Servers", Icon: Server, role: "viewer" },
  { to: "/alerts", name: "Alerts", Icon: Bell, role: "viewer" },
  { to: "/exec", name: "Run on many", Icon: SquareChevronRight, role: "operator" },
  { to: "/commands", name: "Commands", Icon: ListChecks, role: "viewer" },
  { to: "/logs", name: "Logs", Icon: ScrollText, role: "viewer" },
  { to: "/recordings", name: "Recordings", Icon: Film, role: "operator" },
  { to: "/audit", name: "Audit", Icon: ShieldCheck, role: "admin" },
  { to: "/settings", name: "Settings", Icon: Settings, role: "viewer" },
];
