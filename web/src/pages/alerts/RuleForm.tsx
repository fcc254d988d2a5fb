import { type FormEvent, useState } from "react";
import { useSetThreshold } from "@/api/alerts";
import { useMe } from "@/api/auth";
import type { Threshold } from "@/api/types";
import { type RuleText, thresholdCommands } from "@/lib/commands/alerts";
import { atLeast } from "@/lib/roles";
import { readRule } from "@/lib/rules";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { BackTest } from "./BackTest";
import { RuleFields } from "./RuleFields";
import { mayChange } from "./RuleTable";

interface Props {
  title: string;
  from: RuleText;
  /** The rule that is changed; without one a new one is made. */
  of?: Threshold;
  /** Those that there are: a new one of the same name would change one of them. */
  rules?: Threshold[];
  onClose: () => void;
}

/** A rule: said, tried on what was, then set. Who may not set it may try it. */
export function RuleForm({ title, from, of, rules = [], onClose }: Props) {
  const me = useMe();
  const set = useSetThreshold();
  const [text, setText] = useState(from);
  const { rule, wrong } = readRule(text);
  const mayMake = of ? mayChange(of, me.data) : atLeast(me.data?.role, "operator");
  const same = !of && rules.some((one) => one.name === text.name.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!rule) return;
    const onSuccess = (made: Threshold) => {
      toast(`${made.name} is set.`);
      onClose();
    };
    set.mutate(rule, { onSuccess });
  };
  return (
    <Dialog wide open onOpenChange={(open) => !open && onClose()} title={title}>
      <form onSubmit={submit} className="grid grid-cols-1 gap-4">
        <RuleFields text={text} change={setText} wrong={wrong} named={of !== undefined} />
        {same && (
          <p role="alert" className="rounded-md border border-warn p-2 text-sm text-warn">
            There is a rule {text.name.trim()} already: it becomes what is said here.
          </p>
        )}
        <BackTest text={text} rule={rule} />
        {mayMake && (
          <>
            <Complaint error={set.error} />
            <CliCommand command={thresholdCommands.set(text)} />
            <div className="flex justify-end gap-2">
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" look="main" disabled={!rule || set.isPending}>
                {of ? "Save" : same ? "Change that rule" : "Make the rule"}
              </Button>
            </div>
          </>
        )}
      </form>
    </Dialog>
  );
}
