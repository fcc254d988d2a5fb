import { unique } from "@/lib/random";
import { EMPTY, type RunForm } from "@/lib/runs/options";

// Forms of runs that one may come back to, by a name that says nothing. They hold commands, and
// those may hold secrets: browsers write the state and the boxes of a page to their disk, to bring
// it back after a crash, so a form is kept in the memory of the page and nowhere else.
const MOST = 20;
const drafts = new Map<string, RunForm>();

/** What a place of the browser's history has: the name of a form. */
export interface Draft {
  draft: string;
}

/** Keep a form; the oldest is forgotten when there are many. */
export function keepDraft(form: Partial<RunForm>): Draft {
  const name = unique();
  drafts.set(name, { ...EMPTY, ...form });
  const [oldest] = drafts.keys();
  if (drafts.size > MOST && oldest !== undefined) drafts.delete(oldest);
  return { draft: name };
}

/** The form that the state of a place names; undefined where it was forgotten. */
export function draftOf(state: unknown): RunForm | undefined {
  return drafts.get((state as Draft | null)?.draft ?? "");
}

/** Somebody else may sign in next. */
export const forgetDrafts = () => drafts.clear();
