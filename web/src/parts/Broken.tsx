import { useRouteError } from "react-router";
import { Button } from "@/ui/button";

/** A page that failed: most likely the hub was upgraded, and the page's parts are others now. */
export function Broken() {
  const error = useRouteError();
  return (
    <main role="alert" className="grid justify-items-center gap-3 p-10 text-center">
      <h1 className="text-lg font-semibold">This page failed</h1>
      <p className="max-w-xl text-sm break-words text-faint">
        {error instanceof Error ? error.message : String(error)}
      </p>
      <p className="text-sm text-faint">If the hub was upgraded, loading it again is enough.</p>
      <Button look="main" onClick={() => window.location.reload()}>
        Load again
      </Button>
    </main>
  );
}
