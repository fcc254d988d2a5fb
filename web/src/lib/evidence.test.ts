import { describe, expect, it } from "vitest";
import { sections } from "./evidence";

describe("evidence", () => {
  it("has a section for each part that there is", () => {
    const found = sections({
      taken_at: "2026-01-01T00:00:00Z",
      processes: {
        by_cpu: [{ pid: 7, cpu_percent: 99.5, rss: 2048, command: "yes" }],
        by_memory: [],
      },
      containers: [
        { name: "web", state: "running", health: null, cpu_percent: null, memory: 1024 },
      ],
      mount: { path: "/var", complete: false, largest: [{ bytes: 2 ** 30, path: "/var/log" }] },
      journal: ["one\x1b[31m", "two"],
    });
    expect(found).toEqual([
      { title: "Most CPU", rows: [["100 %", "2.0 KiB", "7", "yes"]] },
      { title: "Containers", rows: [["–", "1.0 KiB", "running", "web"]] },
      {
        title: "Largest below /var (as far as there was time)",
        rows: [["1.0 GiB", "/var/log"]],
      },
      { title: "Last lines of the journal", rows: [["one\\x1b[31m"], ["two"]] },
    ]);
  });

  it("is nothing where nothing was told, and bears what it does not know", () => {
    expect(sections({ processes: null, containers: null, mount: null, journal: null })).toEqual([]);
    expect(sections({ processes: 3, journal: [{ a: "\u202e" }, 5] })).toEqual([
      { title: "Last lines of the journal", rows: [['{"a":"\\u202e"}'], ["5"]] },
    ]);
  });
});
