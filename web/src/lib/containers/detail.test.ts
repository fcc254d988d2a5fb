import { expect, it } from "vitest";
import { detailOf } from "./detail";

it("shows what an engine tells", () => {
  const detail = detailOf({
    Path: "/bin/app",
    Args: ["-v", "x y"],
    RestartCount: 2,
    State: { Status: "exited", ExitCode: 0, FinishedAt: "2026-01-02T03:04:05Z" },
    Config: { Image: "app:1", Env: ["PATH"], Labels: { a: "b" } },
    Mounts: [
      { Source: "/srv", Destination: "/data", RW: false },
      { Name: "v", Destination: "/v" },
    ],
    NetworkSettings: {
      Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }], "9/udp": null },
      Networks: { bridge: {} },
    },
  });
  expect(detail).toMatchObject({
    state: "exited",
    exitCode: "0",
    restarts: "2",
    command: "/bin/app -v x y",
    mounts: ["/srv → /data (read-only)", "v → /v"],
    ports: ["0.0.0.0:8080 → 80/tcp", "9/udp"],
    networks: ["bridge"],
    labels: ["a=b"],
  });
});

it("does without anything that it does not tell", () => {
  const detail = detailOf({
    State: { StartedAt: "0001-01-01T00:00:00Z" },
    Config: null,
    Mounts: 3,
  });
  expect(detail).toMatchObject({
    state: "unknown",
    started: null,
    mounts: [],
    ports: [],
    labels: [],
  });
  expect(detailOf(null).command).toBeNull();
});
