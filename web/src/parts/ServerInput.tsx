import { useId } from "react";
import { useServers } from "@/api/servers";
import { LateInput } from "./LateInput";

interface Props {
  label: string;
  placeholder: string;
  value: string;
  change: (value: string) => void;
  className?: string;
}

/** A filter by server, with the names that there are. */
export function ServerInput({ label, ...rest }: Props) {
  const id = useId();
  const servers = useServers();
  return (
    <>
      <LateInput aria-label={label} list={id} type="search" {...rest} />
      <datalist id={id}>
        {servers.data?.map((server) => (
          <option key={server.id} value={server.name} />
        ))}
      </datalist>
    </>
  );
}
