import { describe, expect, it } from "vitest";
import { channelCommands, tokenCommands, userCommands } from "./settings";

describe("commands of the settings", () => {
  it("hold no secret: what is confidential is read from stdin", () => {
    const channel = { name: "ops", severity: "info", target: "", remind: "1h", insecure: true };
    const line = channelCommands.add({ ...channel, secret: "s3cret" });
    expect(line).toBe(
      "chatops channels add ops - --severity info --target all --remind 1h --secret-stdin --insecure",
    );
    expect(userCommands.resetPassword("ada")).toBe("chatops users reset-password ada");
  });

  it("leave out what was not said", () => {
    const token = { name: "ci", role: "operator", servers: "web-*", expires: "" };
    expect(tokenCommands.create(token)).toBe(
      "chatops tokens create ci --role operator --servers 'web-*'",
    );
    expect(userCommands.delete("ada", "")).toBe("chatops users delete ada --yes");
    expect(userCommands.delete("ada", "bob")).toBe(
      "chatops users delete ada --reassign-to bob --yes",
    );
  });
});
