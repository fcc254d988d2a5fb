import { beforeEach, expect, it } from "vitest";
import { draftOf, forgetDrafts, keepDraft } from "./drafts";

beforeEach(forgetDrafts);

it("keeps a form under a name that tells nothing of it", () => {
  const state = keepDraft({ target: "web-1", command: "mysql -p s3cret" });
  expect(JSON.stringify(state)).not.toContain("s3cret");
  expect(draftOf(state)).toMatchObject({ target: "web-1", command: "mysql -p s3cret", cwd: "" });
});

it("knows nothing of other places, of those before a reload, and of the account before", () => {
  const state = keepDraft({ command: "id" });
  expect(draftOf(null)).toBeUndefined();
  expect(draftOf({ draft: "gone" })).toBeUndefined();
  forgetDrafts();
  expect(draftOf(state)).toBeUndefined();
});

it("keeps so many", () => {
  const states = Array.from({ length: 21 }, (_, number) => keepDraft({ command: String(number) }));
  expect(draftOf(states[0])).toBeUndefined();
  expect(draftOf(states[1])?.command).toBe("1");
});
