import type { UseQueryResult } from "@tanstack/react-query";
import { CloudOff, Inbox, LoaderCircle, Lock, SearchX, TriangleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { asHubError, type HubError, mayPass } from "@/api/errors";
import { visible } from "@/lib/text";
import { Button } from "@/ui/button";
import { Skeleton } from "@/ui/skeleton";

interface Props<T> {
  query: Pick<UseQueryResult<T>, "data" | "error" | "failureReason"> & { refetch: () => unknown };
  /** What to say where there is nothing; without it an empty answer is drawn like any. */
  empty?: ReactNode;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What one may not see any more is not shown any more. */
const TAKEN = ["not_found", "not_permitted"];

/**
 * The states that every part of a page has: loading, failed, not permitted, the hub gone, empty,
 * there. What was loaded stays while it cannot be loaded again, and it is said that it is old; of
 * a hub that is away the frame of the page says so.
 */
export function Loaded<T>({ query, empty, skeleton, children }: Props<T>) {
  const error = query.error && asHubError(query.error);
  if (query.data !== undefined && !(error && TAKEN.includes(error.code))) {
    const none = Array.isArray(query.data) && query.data.length === 0;
    return (
      <>
        {error && <Old error={error} />}
        {none && empty ? <Nothing>{empty}</Nothing> : children(query.data)}
      </>
    );
  }
  const failure = query.error ?? query.failureReason;
  if (failure) return <Failed error={asHubError(failure)} again={() => void query.refetch()} />;
  return skeleton ?? <Skeleton />;
}

function Old({ error }: { error: HubError }) {
  return (
    <p role="alert" className="text-sm break-words text-warn">
      What you see is of before: {visible(error.message)}
    </p>
  );
}

export function Nothing({ children }: { children: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 py-10 text-center text-sm text-faint">
      <Inbox className="size-8" aria-hidden />
      <div className="grid max-w-md justify-items-center gap-2">{children}</div>
    </div>
  );
}

const ICONS: Record<string, typeof Lock> = {
  unreachable: CloudOff,
  not_permitted: Lock,
  not_found: SearchX,
  offline: Unplug,
  refused: Lock,
};
const TITLES: Record<string, string> = {
  unreachable: "The hub does not answer",
  busy: "The hub is busy",
  not_permitted: "Your role does not allow this",
  offline: "The server is not connected",
  refused: "The target's policy does not allow this",
  timed_out: "The answer did not come in time",
  not_found: "There is no such thing, or it is not yours to see",
};

export function Failed({ error, again }: { error: HubError; again?: () => void }) {
  const Icon = ICONS[error.code] ?? TriangleAlert;
  return (
    <div role="alert" className="grid justify-items-center gap-2 py-10 text-center text-sm">
      <Icon className="size-8 text-bad" aria-hidden />
      <p className="font-medium">{TITLES[error.code] ?? "That did not work"}</p>
      <p className="max-w-lg break-words text-faint">{visible(error.message)}</p>
      {error.hint && <p className="max-w-lg break-words text-faint">{visible(error.hint)}</p>}
      {mayPass(error) ? (
        <p className="flex items-center gap-2 text-faint">
          <LoaderCircle className="size-4 animate-spin" aria-hidden /> trying again by itself
        </p>
      ) : (
        again && (
          <Button size="small" onClick={again}>
            Try again
          </Button>
        )
      )}
    </div>
  );
}

/** What went wrong with something that was just asked for, beside its button. */
export function Complaint({ error }: { error: unknown }) {
  if (!error) return null;
  const { message, hint } = asHubError(error);
  return (
    <p role="alert" className="text-sm break-words text-bad">
      {visible(message)}
      {hint && <span className="block text-faint">{visible(hint)}</span>}
    </p>
  );
}
