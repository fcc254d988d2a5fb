import { describe, expect, it } from "vitest";
import { alertCommands, type RuleText, silenceCommands, thresholdCommands } from "./alerts";

const rule: RuleText = {
  name: "hot",
  metric: "disk:/var lib",
  op: "gt",
  value: "90%",
  clear: "",
  for: "5m",
  severity: "critical",
  target: "tag:env=prod",
};

describe("commands of alerts", () => {
  it("leave out what was not said", () => {
    const filter = { state: "firing", server: "", severity: "critical", since: "24h" };
    expect(alertCommands.list(filter)).toBe(
      "chatops alerts list --state firing --severity critical --since 24h",
    );
    expect(alertCommands.ack("1", "")).toBe("chatops alerts ack 1");
    expect(
      silenceCommands.add({ target: "web-*", metric: "", for: "2h", comment: "it's me" }),
    ).toBe("chatops silences add 'web-*' --for 2h --comment 'it'\\''s me'");
  });

  it("say a rule as it was typed, and what is not there yet in capitals", () => {
    expect(thresholdCommands.set(rule)).toBe(
      "chatops thresholds set 'disk:/var lib' gt 90% --target tag:env=prod --for 5m" +
        " --severity critical --name hot",
    );
    expect(thresholdCommands.test({ ...rule, metric: "cpu", value: "", clear: "80%" }, "7d")).toBe(
      "chatops thresholds test cpu gt VALUE --target tag:env=prod --for 5m --clear 80% --since 7d",
    );
  });
});
