import { expect, it } from "vitest";
import { valueText } from "./settings";

it("says what 0 means, where it means something else than nothing", () => {
  const meaning = "how long audit records are kept, at least 30d; 0: for ever";
  expect(valueText({ value: 0, text: "0s", meaning })).toBe("for ever");
  expect(valueText({ value: 86_400, text: "1d", meaning })).toBe("1d");
  expect(valueText({ value: 0, text: "0", meaning: "servers that drop" })).toBe("0");
});
