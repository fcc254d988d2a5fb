// Every page of the console, loaded when it is first opened.
import { createBrowserRouter, Navigate } from "react-router";
import { TAB_ROUTES } from "./pages/server/tabs";
import { Broken } from "./parts/Broken";
import { Frame } from "./parts/Frame";
import { Nothing } from "./parts/Loaded";
import { Page } from "./parts/Page";

export const router = createBrowserRouter([
  { path: "/login", ErrorBoundary: Broken, lazy: () => import("./pages/login/Login") },
  { path: "/register", ErrorBoundary: Broken, lazy: () => import("./pages/login/Register") },
  {
    path: "/",
    Component: Frame,
    ErrorBoundary: Broken,
    HydrateFallback: () => null,
    // A page that fails leaves the frame where it is.
    children: [
      {
        ErrorBoundary: Broken,
        children: [
          { index: true, element: <Navigate to="/servers" replace /> },
          { path: "servers", lazy: () => import("./pages/servers/Servers") },
          {
            path: "servers/:server",
            lazy: () => import("./pages/server/ServerLayout"),
            children: TAB_ROUTES,
          },
          { path: "alerts", lazy: () => import("./pages/alerts/Alerts") },
          { path: "alerts/rules", lazy: () => import("./pages/alerts/Rules") },
          { path: "alerts/silences", lazy: () => import("./pages/alerts/Silences") },
          { path: "alerts/:alert", lazy: () => import("./pages/alerts/Alert") },
          { path: "exec", lazy: () => import("./pages/exec/Exec") },
          { path: "runs/:run", lazy: () => import("./pages/runs/Run") },
          { path: "commands", lazy: () => import("./pages/commands/Commands") },
          { path: "commands/:command", lazy: () => import("./pages/commands/Command") },
          { path: "logs", lazy: () => import("./pages/logs/Logs") },
          { path: "recordings", lazy: () => import("./pages/recordings/Recordings") },
          { path: "recordings/:recording", lazy: () => import("./pages/recordings/Recording") },
          { path: "audit", lazy: () => import("./pages/audit/Audit") },
          { path: "settings", lazy: () => import("./pages/settings/Profile") },
          { path: "settings/tokens", lazy: () => import("./pages/settings/Tokens") },
          { path: "settings/users", lazy: () => import("./pages/settings/Users") },
          { path: "settings/channels", lazy: () => import("./pages/settings/Channels") },
          { path: "settings/hub", lazy: () => import("./pages/settings/Hub") },
          { path: "settings/status", lazy: () => import("./pages/settings/Status") },
          { path: "*", Component: Lost },
        ],
      },
    ],
  },
]);

function Lost() {
  return (
    <Page title="Not found">
      <Nothing>There is no such page.</Nothing>
    </Page>
  );
}
