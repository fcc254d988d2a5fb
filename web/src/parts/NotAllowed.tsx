import type { ServerDetail } from "@/api/types";
import { Nothing } from "./Loaded";

interface Props {
  server: ServerDetail;
  /** What its agent would have to allow. */
  what: "shell" | "docker";
  /** What comes of it that it does not. */
  so: string;
}

/** The agent's policy forbids it, and who can change that. */
export function NotAllowed({ server, what, so }: Props) {
  return (
    <Nothing>
      <p className="text-ink">
        The agent of {server.name} was not started with <code>--allow {what}</code>, so {so}.
      </p>
      <p>
        Its owner decides that on the target:{" "}
        <code>chatops agent --allow {[...(server.allow ?? []), what].join(",")}</code>, or{" "}
        <code>allow</code> in its policy.
      </p>
    </Nothing>
  );
}
