import { Plus } from "lucide-react";
import { type FormEvent, useId, useMemo, useState } from "react";
import { useSample } from "@/api/metrics";
import { chartable, isChartable } from "@/lib/charts/choice";
import { visible } from "@/lib/text";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";

interface Props {
  server: string;
  /** There are charts of these. */
  taken: string[];
  add: (metric: string) => void;
}

/** A chart of any other metric that the server has. */
export function AddChart({ server, taken, add }: Props) {
  const list = useId();
  const sample = useSample(server);
  const [metric, setMetric] = useState("");
  const [tried, setTried] = useState(false);
  const names = useMemo(
    () => chartable(sample.data).filter(({ name }) => !taken.includes(name)),
    [sample.data, taken],
  );
  const wrong = tried ? complaint(metric, taken) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (complaint(metric, taken)) return;
    add(metric);
    setMetric("");
    setTried(false);
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <TextField
        label="Another chart"
        error={wrong}
        fieldClass="w-72 max-w-full"
        list={list}
        required
        placeholder="temp, disk:/var, net.rx:eth0 …"
        value={metric}
        change={(value) => setMetric(value.trim())}
      />
      <datalist id={list}>
        {names.map(({ name, meaning }) => (
          <option key={name} value={name}>
            {visible(meaning)}
          </option>
        ))}
      </datalist>
      <Button type="submit">
        <Plus /> Add
      </Button>
    </form>
  );
}

function complaint(metric: string, taken: string[]): string | undefined {
  if (taken.includes(metric)) return "it has a chart already";
  return isChartable(metric) ? undefined : "there is no such metric";
}
