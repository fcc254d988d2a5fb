import { OneOf, type Option } from "@/parts/Choice";
import { LateInput } from "@/parts/LateInput";

const OUTCOMES: Option[] = [
  ["", "any outcome"],
  "ok",
  "denied",
  "failed",
  ["bad", "all but good ones"],
];

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
      <OneOf
        aria-label="Outcome"
        className="w-40"
        value={filter.outcome}
        change={(outcome) => change({ outcome })}
        options={OUTCOMES}
      />
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
