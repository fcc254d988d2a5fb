// What is asked for in the form of a run, as text, and what the hub is asked for.
import type { RunAsked } from "@/api/commands";
import type { ExecOptions } from "@/lib/commands/commands";
import { parseDuration } from "@/lib/units";

export interface RunForm {
  target: string;
  command: string;
  timeout: string;
  parallel: string;
  batch: string;
  maxFailures: string;
  cwd: string;
  /** Lines of NAME=value. */
  env: string;
}

export const EMPTY: RunForm = {
  target: "",
  command: "",
  timeout: "",
  parallel: "",
  batch: "",
  maxFailures: "",
  cwd: "",
  env: "",
};

export type Wrong = Partial<Record<keyof RunForm, string>>;

const PORTION = /^([1-9][0-9]{0,5}|[1-9][0-9]?%|100%)$/;
const COUNT = /^[1-9][0-9]{0,3}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*=/;
const MOST_PARALLEL = 1_000;

/** What is wrong with a form, by its fields; the hub looks again. */
export function complaints(form: RunForm): Wrong {
  const wrong: Wrong = {};
  if (form.timeout) {
    try {
      if (parseDuration(form.timeout) <= 0) wrong.timeout = "longer than nothing";
    } catch (error) {
      wrong.timeout = error instanceof Error ? error.message : String(error);
    }
  }
  if (form.parallel && !(COUNT.test(form.parallel) && Number(form.parallel) <= MOST_PARALLEL)) {
    wrong.parallel = `a number up to ${MOST_PARALLEL}`;
  }
  if (form.batch && !PORTION.test(form.batch)) wrong.batch = "a number, or per cent: 5, 25%";
  if (form.maxFailures && !PORTION.test(form.maxFailures)) {
    wrong.maxFailures = "a number, or per cent: 1, 10%";
  }
  const odd = lines(form.env).find((line) => !VARIABLE.test(line));
  if (odd !== undefined) wrong.env = `this is no NAME=value: ${odd}`;
  return wrong;
}

/** What the hub is asked for; what is empty is left to it. */
export function asked(form: RunForm): RunAsked {
  return {
    target: form.target.trim(),
    command: form.command,
    ...(form.timeout && { timeout: parseDuration(form.timeout) }),
    ...(form.parallel && { parallel: Number(form.parallel) }),
    ...(form.batch && { batch: form.batch }),
    ...(form.maxFailures && { max_failures: form.maxFailures }),
    ...(form.cwd && { cwd: form.cwd }),
    ...(form.env.trim() && { env: variables(form) }),
  };
}

/** The same for the command line. */
export function execOptions(form: RunForm, expect?: number): ExecOptions {
  const { timeout, parallel, batch, maxFailures, cwd } = form;
  return { timeout, parallel, batch, maxFailures, cwd, expect, env: variables(form) };
}

function variables({ env }: RunForm): Record<string, string> {
  return Object.fromEntries(
    lines(env)
      .filter((line) => VARIABLE.test(line))
      .map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
  );
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");
