import { useId, useMemo } from "react";
import { useSampleOf } from "@/api/alerts";
import { useServers } from "@/api/servers";
import { metricNames } from "@/lib/metricNames";
import { visible } from "@/lib/text";
import { TextField } from "./TextField";

interface Props {
  label: string;
  hint?: string;
  error?: string | undefined;
  /** Whose disks and cards are offered: those of the server of this name, or of the first. */
  target: string;
  required?: boolean;
  value: string;
  change: (value: string) => void;
}

/** A METRIC, with the names that there are to choose from. */
export function MetricField({ target, ...rest }: Props) {
  const id = useId();
  const servers = useServers();
  const online = servers.data?.filter((server) => server.status === "online") ?? [];
  const asked = online.find((server) => server.name === target) ?? online[0];
  const sample = useSampleOf(asked?.name);
  const names = useMemo(() => metricNames(sample.data), [sample.data]);
  return (
    <>
      <TextField {...rest} list={id} />
      <datalist id={id}>
        {names.map(({ name, meaning }) => (
          <option key={name} value={name}>
            {visible(meaning)}
          </option>
        ))}
      </datalist>
    </>
  );
}
