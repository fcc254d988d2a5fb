import { expect, it } from "vitest";
import { rows } from "./lines";

it("is a row for each line, and more for one that is very long", () => {
  expect(rows("")).toEqual([]);
  expect(rows("\n")).toEqual([""]);
  expect(rows("a\n\nb\n")).toEqual(["a", "", "b"]);
  expect(rows("a\nb")).toEqual(["a", "b"]);
  expect(rows(`${"x".repeat(4_001)}\n`).map((row) => row.length)).toEqual([2_000, 2_000, 1]);
});
