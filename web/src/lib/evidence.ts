// What an agent told when an alert fired. The hub keeps it as it came, so nothing of its form is
// taken for granted here.
import { bytes, percent } from "./format";
import { visible } from "./text";

/** A heading with rows of words, the first of which say how much. */
export interface Section {
  title: string;
  rows: string[][];
}

type Loose = Record<string, unknown>;

const CUT = 300;

/** The parts that there are, as text that is safe to show. */
export function sections(evidence: Loose): Section[] {
  const processes = loose(evidence.processes);
  const mount = loose(evidence.mount);
  const whole = mount.complete === false ? " (as far as there was time)" : "";
  return [
    { title: "Most CPU", rows: list(processes.by_cpu).map(process) },
    { title: "Most memory", rows: list(processes.by_memory).map(process) },
    { title: "Containers", rows: list(evidence.containers).map(container) },
    {
      title: `Largest below ${text(mount.path)}${whole}`,
      rows: list(mount.largest).map((one) => [bytes(count(one.bytes)), text(one.path)]),
    },
    { title: "Last lines of the journal", rows: lines(evidence.journal).map((one) => [one]) },
  ].filter(({ rows }) => rows.length > 0);
}

function process(one: Loose): string[] {
  return [
    percent(count(one.cpu_percent)),
    bytes(count(one.rss)),
    text(one.pid),
    text(one.command ?? one.name),
  ];
}

function container(one: Loose): string[] {
  const state = [one.state, one.health].filter(Boolean).map(text).join(" ");
  return [percent(count(one.cpu_percent)), bytes(count(one.memory)), state, text(one.name)];
}

function lines(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function list(value: unknown): Loose[] {
  return Array.isArray(value) ? value.map(loose) : [];
}

function loose(value: unknown): Loose {
  return typeof value === "object" && value !== null ? (value as Loose) : {};
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return "–";
  const whole = visible(typeof value === "object" ? JSON.stringify(value) : String(value));
  return whole.length > CUT ? `${whole.slice(0, CUT - 1)}…` : whole;
}
