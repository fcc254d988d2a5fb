import { describe, expect, it } from "vitest";
import { logCommands } from "./logs";

describe("commands of logs", () => {
  it("follow what is stored, of all sources or of one", () => {
    const tail = (source: string) =>
      logCommands.tail({ target: "web-1", level: "", grep: "a|b", source });
    expect(tail("")).toBe("chatops tail web-1 -f --grep 'a|b'");
    expect(tail("/var/log/x")).toBe("chatops tail web-1 -f --source /var/log/x --grep 'a|b'");
    expect(tail("unit:nginx")).toBe("chatops tail web-1 -f --source unit:nginx --grep 'a|b'");
  });

  it("search by words, or by time and level alone", () => {
    const asked = { q: "", target: "", level: "error", since: "1h", until: "" };
    const begin = "chatops logs search --limit 200 --since 1h --level error";
    expect(logCommands.search(asked)).toBe(begin);
    expect(logCommands.search({ ...asked, q: "out of" })).toBe(`${begin} 'out of'`);
    expect(logCommands.search({ ...asked, q: "-test" })).toBe(`${begin} -- -test`);
  });
});
