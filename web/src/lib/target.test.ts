import { describe, expect, it } from "vitest";
import { matching } from "./target";

const server = (name: string, tags: Record<string, string> = {}) => ({
  id: `id-${name}`,
  name,
  tags,
});
const SERVERS = [
  server("web-1", { env: "prod" }),
  server("web-2", { env: "staging" }),
  server("db-1", { env: "prod", note: "" }),
];
const names = (target: string) => matching(target, SERVERS).map(({ name }) => name);

describe("target", () => {
  it("means servers by name, id, glob, tag, or all", () => {
    expect(names("web-1")).toEqual(["web-1"]);
    expect(names("id-db-1, web-2")).toEqual(["web-2", "db-1"]);
    expect(names("web-*")).toEqual(["web-1", "web-2"]);
    expect(names("[!w]*-?")).toEqual(["db-1"]);
    expect(names("web-[1-1]")).toEqual(["web-1"]);
    expect(names("tag:env=prod")).toEqual(["web-1", "db-1"]);
    expect(names("tag:note=")).toEqual(["db-1"]);
    expect(names("all")).toHaveLength(3);
    expect(names("x*")).toEqual([]);
  });

  it("leaves out what stands behind !, wherever it stands", () => {
    expect(names("!db-1,all")).toEqual(["web-1", "web-2"]);
    expect(names("all,!tag:env=prod")).toEqual(["web-2"]);
  });

  it("says what is wrong", () => {
    expect(() => names("web-9")).toThrow("there is no server web-9");
    expect(() => names("web-1,")).toThrow("missing");
    expect(() => names("!db-1")).toThrow("only leaves out");
    expect(() => names("web 1")).toThrow("no servers");
    expect(() => names("tag:=x")).toThrow("no servers");
  });

  it("takes a dot as a dot", () => {
    expect(matching("a.?", [server("a.b"), server("axb")])).toHaveLength(1);
  });
});
