import { useEffect } from "react";
import { useRouteError } from "react-router";
import { lookForHub } from "@/stores/reach";
import { Button } from "@/ui/button";

/** A page that is loaded again so soon after it was loaded would go on doing so. */
const SETTLED_MS = 10_000;

/**
 * A page that failed. Most likely its parts could not be fetched: the hub is away, or was upgraded
 * and has others now. Once the hub answers, loading everything again helps, and is done.
 */
export function Broken() {
  const error = useRouteError();
  const unfetched = error instanceof TypeError && /import|module/i.test(error.message);
  useEffect(() => {
    if (!unfetched) return;
    let here = true;
    void lookForHub().then(() => {
      if (here && performance.now() > SETTLED_MS) window.location.reload();
    });
    return () => {
      here = false;
    };
  }, [unfetched]);
  return (
    <div role="alert" className="grid justify-items-center gap-3 p-10 text-center">
      <h1 className="text-lg font-semibold">
        {unfetched ? "This page could not be fetched" : "This page failed"}
      </h1>
      <p className="max-w-xl text-sm break-words text-faint">
        {error instanceof Error ? error.message : String(error)}
      </p>
      {unfetched && (
        <p className="text-sm text-faint">
          It is fetched again by itself when the hub answers; after an upgrade of the hub, load it
          again.
        </p>
      )}
      <Button look="main" onClick={() => window.location.reload()}>
        Load again
      </Button>
    </div>
  );
}
