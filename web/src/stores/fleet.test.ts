import { beforeEach, describe, expect, it } from "vitest";
import { RECENT, useFleet } from "./fleet";

const update = (id: string, cpu: number, second = 0) => ({
  server_id: id,
  server: id,
  ts: new Date(second * 1000).toISOString(),
  values: { cpu },
});

describe("fleet", () => {
  beforeEach(() => useFleet.getState().clear());

  it("keeps the newest values and a bounded line of them", () => {
    for (let second = 0; second < 100; second += 1) {
      useFleet.getState().take([update("a", second, second)]);
    }
    const live = useFleet.getState().servers.a;
    expect(live?.values.cpu).toBe(99);
    expect(live?.recent.cpu).toHaveLength(RECENT);
    expect(live?.recent.cpu?.[0]).toBe(100 - RECENT);
  });

  it("draws no line over a time in which nothing came", () => {
    useFleet.getState().take([update("a", 1, 0), update("a", 2, 5), update("a", 3, 3600)]);
    expect(useFleet.getState().servers.a?.recent.cpu).toEqual([3]);
  });

  it("leaves the other servers' objects as they were, so that their rows are not drawn again", () => {
    useFleet.getState().take([update("a", 1), update("b", 2)]);
    const before = useFleet.getState().servers.b;
    useFleet.getState().take([update("a", 3)]);
    expect(useFleet.getState().servers.b).toBe(before);
  });
});
