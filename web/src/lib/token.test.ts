import { expect, test } from "vitest";
import { userOf } from "./token";

test("the account's id is read from a token whose letters are those of URLs", () => {
  const claims = Buffer.from(JSON.stringify({ sub: "0190-a", note: "??>>~~" })).toString(
    "base64url",
  );
  expect(claims).toMatch(/[-_]/);
  expect(userOf(`head.${claims}.signature`)).toBe("0190-a");
});
