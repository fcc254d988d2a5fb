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

  it("leaves the other servers' objects as they were, so that their rows are not drawn again", () => {
    useFleet.getState().take([update("a", 1), update("b", 2)]);
    const before = useFleet.getState().servers.b;
    useFleet.getState().take([update("a", 3)]);
    expect(useFleet.getState().servers.b).toBe(before);
  });
});
