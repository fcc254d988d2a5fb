import { useState } from "react";
import { type ProcessSort, useProcesses } from "@/api/processes";
import type { ProcessPage } from "@/api/types";
import { serverPageCommands } from "@/lib/commands/server";
import { bytes, clock, percent } from "@/lib/format";
import { matching } from "@/lib/processes";
import { visible } from "@/lib/text";
import { useFilters } from "@/lib/useFilters";
import { OneOf, type Option } from "@/parts/Choice";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Age } from "@/parts/Status";
import { Input } from "@/ui/field";
import { Table, Td, Th } from "@/ui/table";
import { useThisServer } from "../context";

const SORTS: Option[] = [
  ["cpu", "most CPU first"],
  ["memory", "most memory first"],
];

const USUAL = { sort: "cpu", limit: "20", q: "" };
const LIMITS = ["20", "50", "100", "0"];
const MOST = LIMITS.map((one): Option => [one, one === "0" ? "all" : `the ${one} largest`]);

/** What runs there now, the largest first, as its agent sees it. */
export function Component() {
  const server = useThisServer();
  const [filter, change] = useFilters(USUAL);
  const sort: ProcessSort = filter.sort === "memory" ? "memory" : "cpu";
  const limit = LIMITS.includes(filter.limit) ? filter.limit : USUAL.limit;
  // A search is for any process, not for one of the largest.
  const asked = filter.q ? 0 : Number(limit);
  const processes = useProcesses(server.id, sort, asked);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap gap-2">
        <Input
          type="search"
          aria-label="Search by name, user or number"
          placeholder="name, user or number"
          className="w-64 max-w-full"
          value={filter.q}
          onChange={(event) => change({ q: event.target.value })}
        />
        <OneOf
          aria-label="Sort by"
          className="w-52"
          value={sort}
          change={(sort) => change({ sort })}
          options={SORTS}
        />
        <OneOf
          aria-label="How many"
          className="w-44"
          disabled={Boolean(filter.q)}
          value={limit}
          change={(limit) => change({ limit })}
          options={MOST}
        />
        <div className="ml-auto max-w-full">
          <CliCommand command={serverPageCommands.ps(server.name, sort, asked)} />
        </div>
      </div>
      <Loaded query={processes}>
        {(page) => <ProcessTable page={page} sort={sort} search={filter.q} />}
      </Loaded>
    </div>
  );
}

interface TableProps {
  page: ProcessPage;
  sort: ProcessSort;
  search: string;
}

function ProcessTable({ page, sort, search }: TableProps) {
  const found = matching(page.items, search);
  if (!found.length) return <Nothing>None of the {page.total} processes is like that.</Nothing>;
  const order = (name: ProcessSort) =>
    sort === name ? { "aria-sort": "descending" as const } : {};
  return (
    <div className="grid gap-2">
      <p className="text-sm text-faint tabular-nums">
        {found.length} of {page.total} processes, at {clock(page.ts)}. CPU is of one core.
      </p>
      <Table aria-label="Processes" className="tabular-nums">
        <thead>
          <tr>
            <Th className="text-right">PID</Th>
            <Th>User</Th>
            <Th className="text-right" {...order("cpu")}>
              CPU
            </Th>
            <Th className="text-right" {...order("memory")}>
              Memory
            </Th>
            <Th className="text-right max-md:hidden">RSS</Th>
            <Th className="max-md:hidden">Started</Th>
            <Th>Command</Th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr key={one.pid}>
              <Td className="text-right">{one.pid}</Td>
              <Td>{visible(one.user ?? "–")}</Td>
              <Td className="text-right whitespace-nowrap">{percent(one.cpu_percent)}</Td>
              <Td className="text-right whitespace-nowrap">{percent(one.memory_percent)}</Td>
              <Td className="text-right whitespace-nowrap max-md:hidden">{bytes(one.rss)}</Td>
              <Td className="whitespace-nowrap max-md:hidden">
                {one.started_at ? <Age time={one.started_at} /> : "–"}
              </Td>
              <Td className="w-full font-mono text-xs">
                <CommandLine text={one.command ?? one.name} />
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

const SHORT = 120;

/** A long one is cut, and shows whole when it is asked for. */
function CommandLine({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const said = visible(text);
  if (said.length <= SHORT) return <span className="break-all">{said}</span>;
  return (
    <button
      type="button"
      aria-expanded={whole}
      onClick={() => setWhole(!whole)}
      className="text-left break-all hover:underline"
    >
      {whole ? said : `${said.slice(0, SHORT)}…`}
    </button>
  );
}
