import { expect, it } from "vitest";
import type { ServerProcess } from "@/api/types";
import { matching } from "./processes";

const process = (pid: number, user: string, command: string) =>
  ({ pid, user, name: command.split(" ")[0], command }) as ServerProcess;
const ALL = [
  process(1, "root", "init"),
  process(120, "www", "nginx: worker"),
  process(121, "www", "python app.py --port 120"),
];
const pids = (search: string) => matching(ALL, search).map((one) => one.pid);

it("finds every word, wherever it stands", () => {
  expect(pids("")).toEqual([1, 120, 121]);
  expect(pids("WWW python")).toEqual([121]);
  expect(pids("120")).toEqual([120, 121]);
  expect(pids("root nginx")).toEqual([]);
});
