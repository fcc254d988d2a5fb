import { describe, expect, it } from "vitest";
import { advice, ending, failedFirst } from "./outcome";

describe("ending", () => {
  it("says how a command ended", () => {
    expect(ending({ status: "succeeded", exit_code: 0 })).toBe("");
    expect(ending({ status: "failed", exit_code: 3 })).toBe("exit status 3");
    expect(ending({ status: "failed", signal: 9 })).toBe("killed by signal 9 (KILL)");
    expect(ending({ status: "failed", exit_code: null })).toBe("could not be started");
    expect(ending({ status: "refused", error: "not here" })).toBe("not here");
    expect(ending({ status: "running" })).toBe("");
  });
});

describe("advice", () => {
  it("names what the agent would have to be started with", () => {
    const error = "the agent of web-1 was not started with --allow shell";
    expect(advice({ status: "refused", error })).toContain("--allow shell");
    expect(advice({ status: "refused", error: "docker.exec is false" })).toContain("policy");
    expect(advice({ status: "failed", error: "--allow shell" })).toBeNull();
  });
});

describe("failedFirst", () => {
  it("shows what went wrong, then what runs, then what is well", () => {
    const of = (server: string, status: "failed" | "running" | "succeeded" | "offline") => ({
      server,
      status,
    });
    const sorted = failedFirst([
      of("web-10", "succeeded"),
      of("web-2", "succeeded"),
      of("db", "running"),
      of("z", "failed"),
      of("a", "offline"),
    ]);
    expect(sorted.map((one) => one.server)).toEqual(["z", "a", "db", "web-2", "web-10"]);
  });
});
