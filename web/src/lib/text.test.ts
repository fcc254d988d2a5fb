import { describe, expect, it } from "vitest";
import { visible, visibleLines } from "./text";

const ESC = "\x1b";

describe("visible", () => {
  it("writes out terminal escapes, C1 controls and DEL", () => {
    expect(visible(`${ESC}[31mred${ESC}]0;title\x07 \x00\x7f\x9b`)).toBe(
      "\\x1b[31mred\\x1b]0;title\\x07 \\x00\\x7f\\x9b",
    );
  });

  it("writes out what turns the direction of a line, and what breaks it", () => {
    expect(visible("a\u202eb\u2066c\u200fd\u061ce\u2028f")).toBe(
      "a\\u202eb\\u2066c\\u200fd\\u061ce\\u2028f",
    );
    expect(visible("one\r\n\ttwo")).toBe("one\\r\\n\\ttwo");
  });

  it("writes out half a pair, and leaves whole ones and markup alone", () => {
    expect(visible("\ud83d")).toBe("\\ud83d");
    const plain = '<b onclick="x()">naïve</b> 日本 🚀 שלום';
    expect(visible(plain)).toBe(plain);
  });
});

describe("visibleLines", () => {
  it("keeps newlines and tabs, and nothing else", () => {
    expect(visibleLines(`one\r\n\ttwo\rthree${ESC}[2J\u202e`)).toBe(
      "one\n\ttwo\\rthree\\x1b[2J\\u202e",
    );
  });
});
