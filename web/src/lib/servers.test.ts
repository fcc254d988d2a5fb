import { describe, expect, it } from "vitest";
import type { Server } from "@/api/types";
import { type Choice, choose, parseTags, pasteLine, plainElsewhere, tagChanges } from "./servers";

const server = (name: string, more: Partial<Server> = {}): Server => ({
  id: name,
  name,
  status: "online",
  tags: {},
  owner: null,
  os: null,
  agent_version: null,
  created_at: "2026-01-01T00:00:00.000Z",
  last_seen: null,
  cpu_percent: null,
  memory_percent: null,
  disk_percent: null,
  alerts: 0,
  ...more,
});
const ALL: Choice = { search: "", status: "", sort: "name", down: false };
const names = (servers: Server[]) => servers.map((one) => one.name);

describe("choose", () => {
  it("sorts names as people count", () => {
    const servers = ["web-10", "web-2", "db-1"].map((name) => server(name));
    expect(names(choose(servers, ALL))).toEqual(["db-1", "web-2", "web-10"]);
  });

  it("finds every word in name or tag, and the status", () => {
    const servers = [
      server("web-1", { tags: { env: "prod" } }),
      server("web-2", { tags: { env: "test" } }),
      server("db-1", { tags: { env: "prod" }, status: "offline" }),
    ];
    expect(names(choose(servers, { ...ALL, search: "WEB env=prod" }))).toEqual(["web-1"]);
    expect(names(choose(servers, { ...ALL, search: "prod", status: "offline" }))).toEqual(["db-1"]);
  });

  it("puts what has no value last, whichever way round", () => {
    const servers = [
      server("a", { cpu_percent: 1 }),
      server("b"),
      server("c", { cpu_percent: 90 }),
    ];
    expect(names(choose(servers, { ...ALL, sort: "cpu" }))).toEqual(["a", "c", "b"]);
    expect(names(choose(servers, { ...ALL, sort: "cpu", down: true }))).toEqual(["c", "a", "b"]);
  });
});

describe("parseTags", () => {
  it("takes words or a list of them", () => {
    expect(parseTags(" env=prod, role=db note=a=b ")).toEqual({
      env: "prod",
      role: "db",
      note: "a=b",
    });
    expect(() => parseTags("env")).toThrow("KEY=VALUE");
  });
});

describe("tagChanges", () => {
  it("says what is new, other and gone, and nothing of the rest", () => {
    const before = { env: "prod", role: "db", old: "1" };
    expect(tagChanges(before, { env: "prod", role: "web", note: "" })).toEqual({
      role: "web",
      note: "",
      old: null,
    });
    expect(tagChanges(before, before)).toEqual({});
  });
});

describe("the line to paste", () => {
  it("allows what the CLI's allows", () => {
    const options = { monitorOnly: false, insecure: false };
    expect(pasteLine("j1", options)).toBe("CHATOPS_JOIN=j1 chatops agent --allow exec,docker");
    expect(pasteLine("j1", { monitorOnly: true, insecure: true })).toBe(
      "CHATOPS_JOIN=j1 chatops agent --insecure",
    );
  });

  it("needs --insecure for plain HTTP to another machine only", () => {
    const plain = (protocol: string, hostname: string) => plainElsewhere({ protocol, hostname });
    expect(plain("http:", "hub.lan")).toBe(true);
    expect(plain("https:", "hub.lan")).toBe(false);
    expect(plain("http:", "127.0.0.1")).toBe(false);
    expect(plain("http:", "[::1]")).toBe(false);
  });
});
