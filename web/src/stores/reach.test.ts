import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lookForHub, useReach, whenBack } from "./reach";

let answer: () => Promise<{ status: number }>;
const asked = vi.fn(() => answer());

beforeEach(() => {
  vi.useFakeTimers();
  asked.mockClear();
  vi.stubGlobal("fetch", asked);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const gone = () => Promise.reject(new TypeError("failed to fetch"));
const there = () => Promise.resolve({ status: 200 });

it("says nothing of a hub that answers: only one request was lost", async () => {
  answer = there;
  await lookForHub();
  expect(useReach.getState().away).toBe(false);
});

it("says at once that it is away, looks on, and tells who waits when it is back", async () => {
  const back = vi.fn();
  const end = whenBack(back);
  answer = gone;
  const found = lookForHub();
  await vi.advanceTimersByTimeAsync(0);
  expect(useReach.getState().away).toBe(true);
  answer = () => Promise.resolve({ status: 502 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(back).not.toHaveBeenCalled();
  answer = there;
  await vi.advanceTimersByTimeAsync(2_000);
  await found;
  expect(useReach.getState().away).toBe(false);
  expect(back).toHaveBeenCalledOnce();
  end();
});

it("looks once, whoever asks", async () => {
  answer = there;
  await Promise.all([lookForHub(), lookForHub()]);
  expect(asked).toHaveBeenCalledOnce();
});
