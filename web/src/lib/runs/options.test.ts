import { describe, expect, it } from "vitest";
import { asked, complaints, EMPTY, execOptions } from "./options";

const form = { ...EMPTY, target: " web-* ", command: "df -h" };

describe("the form of a run", () => {
  it("leaves to the hub what is empty", () => {
    expect(asked(form)).toEqual({ target: "web-*", command: "df -h" });
  });

  it("says all that was chosen, in the hub's units", () => {
    const full = {
      ...form,
      timeout: "1m30s",
      parallel: "5",
      batch: "25%",
      maxFailures: "1",
      cwd: "/srv",
      env: "A=1\n\nB=x=y \n",
    };
    expect(complaints(full)).toEqual({});
    expect(asked(full)).toMatchObject({
      timeout: 90,
      parallel: 5,
      batch: "25%",
      max_failures: "1",
      cwd: "/srv",
      env: { A: "1", B: "x=y " },
    });
    expect(execOptions(full, 3)).toMatchObject({ timeout: "1m30s", expect: 3, env: { A: "1" } });
  });

  it("says which field is wrong", () => {
    const odd = { timeout: "5", parallel: "0", batch: "x", maxFailures: "-1", env: "no" };
    expect(Object.keys(complaints({ ...form, ...odd })).sort()).toEqual(Object.keys(odd).sort());
    expect(complaints({ ...form, parallel: "1001" }).parallel).toContain("1000");
  });
});
