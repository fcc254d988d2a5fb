import { cn } from "@/lib/cn";
import { logCommands } from "@/lib/commands/logs";
import { useFilters } from "@/lib/useFilters";
import { OneOf, type Option } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { LateInput } from "@/parts/LateInput";
import { ServerInput } from "@/parts/ServerInput";
import { LiveLogs } from "./LiveLogs";
import { SearchLogs } from "./SearchLogs";

const LEVELS: Option[] = [
  ["", "any level"],
  ["info", "info or worse"],
  ["warning", "warning or worse"],
  ["error", "error or worse"],
  "critical",
];

const USUAL = {
  mode: "live",
  target: "",
  level: "",
  grep: "",
  source: "",
  q: "",
  since: "1h",
  until: "",
};
type Filter = typeof USUAL;
type Change = (part: Partial<Filter>) => void;

/** Logs of one server, or of all: live, or what is stored, by the same filters. */
export function LogView({ server }: { server?: string }) {
  const [filter, change] = useFilters(USUAL);
  const asked = server === undefined ? filter : { ...filter, target: server };
  const live = filter.mode !== "search";
  const named = server === undefined;
  const tail = { ...asked, target: asked.target || "all" };
  return (
    <div className="grid grid-cols-1 gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Mode live={live} change={change} />
        {named && (
          <ServerInput
            label="Servers"
            placeholder="all servers"
            className="w-44"
            value={filter.target}
            change={(target) => change({ target })}
          />
        )}
        <Level level={filter.level} change={change} />
        {live ? (
          <LiveFilters filter={filter} change={change} />
        ) : (
          <SearchFilters filter={filter} change={change} />
        )}
      </div>
      <CliCommand command={live ? logCommands.tail(tail) : logCommands.search(asked)} />
      {live ? (
        <LiveLogs
          key={[tail.target, tail.level, tail.grep, tail.source].join("\0")}
          asked={tail}
          named={named}
        />
      ) : (
        <SearchLogs search={asked} named={named} />
      )}
    </div>
  );
}

function Mode({ live, change }: { live: boolean; change: Change }) {
  const modes = [
    ["live", "Live", live],
    ["search", "Search", !live],
  ] as const;
  return (
    <fieldset aria-label="Which lines" className="flex overflow-hidden rounded-md border">
      {modes.map(([mode, text, on]) => (
        <button
          key={mode}
          type="button"
          aria-pressed={on}
          className={cn("h-9 px-3 text-sm", on ? "bg-accent text-on-accent" : "hover:bg-raised")}
          onClick={() => change({ mode })}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}

function Level({ level, change }: { level: string; change: Change }) {
  return (
    <OneOf
      aria-label="Level"
      className="w-44"
      value={level}
      change={(level) => change({ level })}
      options={LEVELS}
    />
  );
}

function LiveFilters({ filter, change }: { filter: Filter; change: Change }) {
  return (
    <>
      <LateInput
        type="search"
        aria-label="Pattern (RE2)"
        placeholder="pattern: timeout|refused"
        className="w-56"
        value={filter.grep}
        change={(grep) => change({ grep })}
      />
      <LateInput
        type="search"
        aria-label="Source"
        placeholder="source: unit:nginx, /path"
        className="w-52"
        value={filter.source}
        change={(source) => change({ source })}
      />
    </>
  );
}

function SearchFilters({ filter, change }: { filter: Filter; change: Change }) {
  return (
    <>
      <LateInput
        type="search"
        aria-label="Words"
        placeholder={'words, "a phrase", begin*, -without'}
        className="w-72"
        value={filter.q}
        change={(q) => change({ q })}
      />
      <LateInput
        aria-label="Since"
        placeholder="since: 1h"
        className="w-28"
        value={filter.since}
        change={(since) => change({ since: since || USUAL.since })}
      />
      <LateInput
        aria-label="Until"
        placeholder="until: now"
        className="w-28"
        value={filter.until}
        change={(until) => change({ until })}
      />
    </>
  );
}
