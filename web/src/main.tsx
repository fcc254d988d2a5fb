import "./index.css";
import "./stores/theme";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { renew } from "./api/client";
import { queryClient } from "./api/query";
import { router } from "./routes";
import { wait } from "./socket/retry";
import { forgetDrafts } from "./stores/drafts";
import { useFleet } from "./stores/fleet";
import { lookForHub } from "./stores/reach";
import { useSession } from "./stores/session";
import { Toasts } from "./ui/toast";

// Somebody else may sign in next: nothing of the one before stays.
useSession.subscribe((now, before) => {
  if (now.phase !== "out" || before.phase !== "in") return;
  queryClient.clear();
  useFleet.getState().clear();
  forgetDrafts();
});

window.addEventListener("offline", () => void lookForHub());

void begin();

/** Who is signed in; a hub that does not answer yet is asked when it does. */
async function begin(): Promise<void> {
  for (let failures = 1; useSession.getState().phase === "unknown"; failures += 1) {
    await renew().catch(async () => {
      await lookForHub();
      await new Promise((done) => setTimeout(done, wait(failures)));
    });
  }
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
}
