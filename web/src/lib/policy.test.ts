import { expect, it } from "vitest";
import type { ServerDetail } from "@/api/types";
import { policyWords } from "./policy";

const said = (server: Partial<ServerDetail>) =>
  Object.fromEntries(policyWords(server as ServerDetail).filter(([, words]) => words !== null));

it("says nothing before the first connection, and 'nothing' where that is what is allowed", () => {
  expect(said({ allow: null })).toEqual({});
  expect(said({ allow: [] })).toEqual({ Allows: "nothing" });
});

it("says what is bound and what is not", () => {
  const server = {
    allow: ["exec", "docker", "files", "shell"],
    exec: { commands: ["uptime"], deny: ["rm"], user: "ops", timeout: 90, max_running: 4 },
    docker: { mode: "full", named: true, exec: false },
    files: { folders: ["/var/log"], units: null, write: true, write_folders: null },
    shell: { idle: 600, total: null },
  } as unknown as ServerDetail;
  expect(said(server)).toEqual({
    Allows: "exec docker files shell",
    "Runs as": "ops",
    Commands: "uptime; never rm",
    Limits: "4 at a time, 1m 30s time",
    Containers: "those that its patterns name, no commands in them",
    Files: "in /var/log; no journals; written anywhere",
    Terminals: "10m idle",
  });
});

it("calls what is not bound any, all and none", () => {
  const server = { allow: ["exec"], exec: {}, docker: { mode: "read" }, files: {}, shell: {} };
  expect(said(server as unknown as ServerDetail)).toMatchObject({
    Commands: "any",
    Limits: "none",
    Containers: "all, only looked at",
    Files: "all, and all journals; none written",
    Terminals: "no limits",
  });
});
