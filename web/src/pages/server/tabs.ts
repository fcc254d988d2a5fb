import type { RouteObject } from "react-router";
import type { Role } from "@/api/types";

/** A page of one server. `path` is below /servers/:server; the first one has none. */
export interface Tab {
  path: string;
  name: string;
  /** The least role to which it is offered. */
  role: Role;
  lazy: () => Promise<{ Component: React.ComponentType }>;
}

/** In the order in which they stand. A page takes the server from `useThisServer()`. */
export const TABS: Tab[] = [
  { path: "", name: "Overview", role: "viewer", lazy: () => import("./overview/Overview") },
  {
    path: "metrics",
    name: "Metrics",
    role: "viewer",
    lazy: () => import("./metrics/Metrics"),
  },
  {
    path: "processes",
    name: "Processes",
    role: "viewer",
    lazy: () => import("./processes/Processes"),
  },
  {
    path: "containers",
    name: "Containers",
    role: "viewer",
    lazy: () => import("../containers/Containers"),
  },
  {
    path: "terminal",
    name: "Terminal",
    role: "operator",
    lazy: () => import("../terminal/Terminal"),
  },
  {
    path: "commands",
    name: "Commands",
    role: "viewer",
    lazy: () => import("../commands/ServerCommands"),
  },
  { path: "logs", name: "Logs", role: "viewer", lazy: () => import("../logs/OfServer") },
  { path: "alerts", name: "Alerts", role: "viewer", lazy: () => import("../alerts/OfServer") },
  { path: "keys", name: "Keys", role: "viewer", lazy: () => import("./keys/Keys") },
  { path: "events", name: "Events", role: "viewer", lazy: () => import("./events/Events") },
];

/** Pages of a server that belong to a tab and are reached from it. */
const BELOW: RouteObject[] = [
  { path: "containers/:container", lazy: () => import("../containers/Container") },
  {
    path: "containers/:container/terminal",
    lazy: () => import("../containers/ContainerTerminal"),
  },
];

export const TAB_ROUTES: RouteObject[] = [
  ...TABS.map(({ path, lazy }) => (path ? { path, lazy } : { index: true as const, lazy })),
  ...BELOW,
];
