import { ArrowLeft } from "lucide-react";
import { Link, useParams } from "react-router";
import { entering } from "@/lib/containers/entering";
import { visible } from "@/lib/text";
import { useThisServer } from "@/pages/server/context";
import { TerminalAt } from "@/pages/terminal/TerminalAt";
import { Nothing } from "@/parts/Loaded";

/** A terminal in a container. */
export function Component() {
  const server = useThisServer();
  const { container = "" } = useParams();
  const refusal = entering(server);
  return (
    <>
      <Link
        to=".."
        relative="path"
        className="inline-flex items-center gap-1 justify-self-start text-sm text-accent hover:underline"
      >
        <ArrowLeft className="size-4" aria-hidden /> {visible(container)}
      </Link>
      {refusal ? <Nothing>{refusal}</Nothing> : <TerminalAt place={{ server, container }} />}
    </>
  );
}
