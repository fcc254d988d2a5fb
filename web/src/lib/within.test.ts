import { expect, it } from "vitest";
import { within } from "./within";

it("leads to pages of this console only", () => {
  expect(within("/alerts?state=firing")).toBe("/alerts?state=firing");
  for (const bad of [
    null,
    "",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n\\evil.example",
    "/..//evil.example",
    "//[",
    "https://evil.example",
    "x",
    "/login",
  ]) {
    expect(within(bad)).toBe("/servers");
  }
});
