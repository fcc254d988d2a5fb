import { Plus } from "lucide-react";
import { useThresholds } from "@/api/alerts";
import { useMe } from "@/api/auth";
import type { Threshold } from "@/api/types";
import { thresholdCommands } from "@/lib/commands/alerts";
import { atLeast } from "@/lib/roles";
import { NEW_RULE, textOf } from "@/lib/rules";
import { useFilters } from "@/lib/useFilters";
import { CliCommand } from "@/parts/CliCommand";
import { Loaded, Nothing } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { AlertTabs } from "./AlertTabs";
import { RuleForm } from "./RuleForm";
import { RuleTable } from "./RuleTable";

// `rule` is the name of the one that is open, `make` says that a new one is being made.
const CLOSED = { rule: "", make: "" };

export function Component() {
  const rules = useThresholds();
  const me = useMe();
  const [open, change] = useFilters(CLOSED);
  const mayMake = atLeast(me.data?.role, "operator");
  const close = () => change(CLOSED);
  const make = mayMake && (
    <Button look="main" onClick={() => change({ make: "1" })}>
      <Plus /> Make a rule
    </Button>
  );
  return (
    <Page title="Thresholds" actions={make}>
      <AlertTabs />
      <CliCommand command={thresholdCommands.list()} />
      <Loaded query={rules} empty={<p>There are no rules: nothing is watched.</p>}>
        {(all) => (
          <>
            <RuleTable rules={all} show={(rule) => change({ rule })} />
            <OpenRule
              rule={all.find((one) => one.name === open.rule)}
              name={open.rule}
              close={close}
            />
            {open.make && mayMake && (
              <RuleForm title="Make a rule" from={NEW_RULE} rules={all} onClose={close} />
            )}
          </>
        )}
      </Loaded>
      {rules.data?.length === 0 && open.make && mayMake && (
        <RuleForm title="Make a rule" from={NEW_RULE} rules={[]} onClose={close} />
      )}
    </Page>
  );
}

interface OpenProps {
  rule: Threshold | undefined;
  name: string;
  close: () => void;
}

function OpenRule({ rule, name, close }: OpenProps) {
  if (!name) return null;
  if (rule)
    return <RuleForm title={`Rule ${rule.name}`} from={textOf(rule)} of={rule} onClose={close} />;
  return (
    <Dialog open onOpenChange={(open) => !open && close()} title={`Rule ${name}`}>
      <Nothing>There is no such rule any more, or it is not yours to see.</Nothing>
    </Dialog>
  );
}
