import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { line, quote } from "./shell";

const WORDS = [
  "web-1",
  "",
  "a b",
  "it's",
  "$(reboot)",
  "`x`",
  "a\nb",
  "-x",
  "*",
  "tag:env=prod",
  "!db",
  "ü",
  "\\",
];

describe("quote", () => {
  it("is read back by a real shell as it was", () => {
    for (const word of WORDS) {
      const back = execFileSync("sh", ["-c", `printf %s ${quote(word)}`], { encoding: "utf8" });
      expect(back).toBe(word);
    }
  });

  it("spells what a terminal would obey when it is pasted", () => {
    for (const word of ["a\x15\rreboot\r", "\x1b[201~'\\n", "x\x7f\x9by", "a\nb\x01", "\u202eab"]) {
      const quoted = quote(word);
      expect(quoted).not.toMatch(/[\p{Cc}\u202e]/u);
      const options = { encoding: "utf8", env: { LC_ALL: "C.UTF-8" } } as const;
      expect(execFileSync("/bin/bash", ["-c", `printf %s ${quoted}`], options)).toBe(word);
    }
  });

  it("leaves plain words as they are", () => {
    expect(line("chatops", "servers", "show", "web-1")).toBe("chatops servers show web-1");
  });

  it("leaves out what is not there", () => {
    expect(line("chatops", "alerts", null, undefined, false, 0)).toBe("chatops alerts 0");
  });
});
