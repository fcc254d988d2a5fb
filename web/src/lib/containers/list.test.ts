import { describe, expect, it } from "vitest";
import type { ServerContainer } from "@/api/types";
import { chooseContainers, verbs } from "./list";

const container = (name: string, state: string, project: string | null = null) =>
  ({ name, state, project, image: "busybox:1" }) as ServerContainer;

const ALL = [
  container("db", "running"),
  container("web-10", "running", "shop"),
  container("web-2", "exited", "shop"),
  container("cron", "paused"),
];
const names = (q: string, state = "") => chooseContainers(ALL, { q, state }).map((one) => one.name);

describe("containers", () => {
  it("stand by their project, those of none last", () => {
    expect(names("")).toEqual(["web-2", "web-10", "cron", "db"]);
  });

  it("are found by name, image, project and state", () => {
    expect(names("shop BUSY")).toEqual(["web-2", "web-10"]);
    expect(names("", "stopped")).toEqual(["web-2"]);
    expect(names("", "paused")).toEqual(["cron"]);
    expect(names("nothing")).toEqual([]);
  });

  it("offer what their state lets one do", () => {
    expect(verbs("running")).not.toContain("rm");
    expect(verbs("exited")).toEqual(["start", "rm"]);
    expect(verbs("paused")).toContain("unpause");
  });
});
