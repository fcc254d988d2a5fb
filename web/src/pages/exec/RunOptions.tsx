import { useState } from "react";
import type { RunForm, Wrong } from "@/lib/runs/options";
import { TextField } from "@/parts/TextField";
import { Field, Textarea } from "@/ui/field";

interface Props {
  form: RunForm;
  wrong: Wrong;
  change: (part: Partial<RunForm>) => void;
}

type Name = "timeout" | "parallel" | "batch" | "maxFailures" | "cwd";

const FIELDS: [Name, string, string][] = [
  ["timeout", "Time limit", "it is ended after this time: 30s, 5m; empty: none"],
  ["parallel", "At the same time", "at most on so many servers; empty: 50"],
  ["batch", "Batch", "begin on so many, the next when these are over: 5, 25%"],
  ["maxFailures", "Failures", "start nothing more after so many: 1, 10%"],
  ["cwd", "Folder", "where it runs; empty: the home of its user"],
];

/** What `chatops exec` has as options. */
export function RunOptions({ form, wrong, change }: Props) {
  const [open, setOpen] = useState(FIELDS.some(([name]) => form[name]) || form.env !== "");
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="cursor-pointer text-sm font-medium">Options</summary>
      <div className="mt-3 grid items-start gap-4 sm:grid-cols-2">
        {FIELDS.map(([name, label, hint]) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            error={wrong[name]}
            value={form[name]}
            change={(value) => change({ [name]: value })}
          />
        ))}
        <Field
          label="Variables"
          hint="NAME=value, one a line; for the command, not for secrets"
          error={wrong.env}
        >
          {(props) => (
            <Textarea
              {...props}
              className="font-mono"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              value={form.env}
              onChange={(event) => change({ env: event.target.value })}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
