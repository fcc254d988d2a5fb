import { useMutation } from "@tanstack/react-query";
import { ListChecks } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { plan } from "@/api/commands";
import { useServers } from "@/api/servers";
import { commandCommands } from "@/lib/commands/commands";
import { asked, complaints, EMPTY, execOptions, type RunForm } from "@/lib/runs/options";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { OperatorsOnly } from "@/parts/OperatorsOnly";
import { Page } from "@/parts/Page";
import { draftOf, keepDraft } from "@/stores/drafts";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field, Textarea } from "@/ui/field";
import { ChooseServers } from "./ChooseServers";
import { ConfirmRun } from "./ConfirmRun";
import { RunOptions } from "./RunOptions";

export function Component() {
  return (
    <Page title="Run on many">
      <OperatorsOnly what="Running commands">
        <Form />
      </OperatorsOnly>
    </Page>
  );
}

/** What was run before, to be run again; a command stands in no address, as it may hold secrets. */
function useBeginning(): RunForm {
  const [query] = useSearchParams();
  const { state } = useLocation();
  return draftOf(state) ?? { ...EMPTY, target: query.get("target") ?? "" };
}

function Form() {
  const [form, setForm] = useState(useBeginning());
  const navigate = useNavigate();
  const servers = useServers();
  const preview = useMutation({ mutationFn: () => plan(asked(form)) });
  const change = (part: Partial<RunForm>) => setForm((before) => ({ ...before, ...part }));
  const wrong = complaints(form);
  const ready = form.target.trim() && form.command.trim() && Object.keys(wrong).length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    // Back from the run leads to what was filled in.
    void navigate(".", { replace: true, state: keepDraft(form) });
    preview.mutate();
  };
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">
      <Card title="Where">
        <ChooseServers
          target={form.target}
          servers={servers.data ?? []}
          change={(target) => change({ target })}
        />
      </Card>
      <Card title="What">
        <div className="grid gap-4">
          <Field label="Command" hint="a line, or a script, for the shell of each server">
            {(props) => (
              <Textarea
                {...props}
                className="min-h-28 font-mono"
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                value={form.command}
                onChange={(event) => change({ command: event.target.value })}
              />
            )}
          </Field>
          <RunOptions form={form} wrong={wrong} change={change} />
          <CliCommand
            command={commandCommands.exec(form.target.trim(), form.command, execOptions(form))}
          />
          <Complaint error={preview.error} />
          <Button
            type="submit"
            look="main"
            className="justify-self-start"
            disabled={!ready || preview.isPending}
          >
            <ListChecks /> Preview
          </Button>
        </div>
      </Card>
      {preview.data && (
        <ConfirmRun plan={preview.data} form={form} onClose={() => preview.reset()} />
      )}
    </form>
  );
}
