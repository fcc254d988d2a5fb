import { LateInput } from "@/parts/LateInput";
import { Select } from "@/ui/field";

export const USUAL = { user: "", action: "", target: "", outcome: "", since: "", until: "" };
type Filter = typeof USUAL;

interface Props {
  filter: Filter;
  change: (part: Partial<Filter>) => void;
  wrong: string | undefined;
}

const BOXES: [name: keyof Filter, label: string, placeholder: string, width: string][] = [
  ["user", "User", "any user", "w-36"],
  ["action", "Action begins with", "action: servers.", "w-44"],
  ["target", "Target has", "target", "w-40"],
];

export function AuditFilters({ filter, change, wrong }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {BOXES.map(([name, label, placeholder, width]) => (
        <LateInput
          key={name}
          type="search"
          aria-label={label}
          placeholder={placeholder}
          className={width}
          value={filter[name]}
          change={(value) => change({ [name]: value })}
        />
      ))}
      <Select
        aria-label="Outcome"
        className="w-40"
        value={filter.outcome}
        onChange={(event) => change({ outcome: event.target.value })}
      >
        <option value="">any outcome</option>
        <option value="ok">ok</option>
        <option value="denied">denied</option>
        <option value="failed">failed</option>
        <option value="bad">all but good ones</option>
      </Select>
      <LateInput
        aria-label="Since"
        placeholder="since: 7d"
        className="w-32"
        value={filter.since}
        change={(since) => change({ since })}
      />
      <LateInput
        aria-label="Until"
        placeholder="until: now"
        className="w-32"
        value={filter.until}
        change={(until) => change({ until })}
      />
      {wrong && (
        <p role="alert" className="text-sm text-bad">
          {wrong}
        </p>
      )}
    </div>
  );
}
