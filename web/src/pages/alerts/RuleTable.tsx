import { useState } from "react";
import { useRemoveThreshold, useSwitchThreshold } from "@/api/alerts";
import { useMe } from "@/api/auth";
import { asHubError } from "@/api/errors";
import type { Me, Threshold } from "@/api/types";
import { thresholdCommands } from "@/lib/commands/alerts";
import { inUnit } from "@/lib/metricNames";
import { atLeast } from "@/lib/roles";
import { conditionOf } from "@/lib/rules";
import { CopyButton } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { SeverityBadge } from "@/parts/Status";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { toast } from "@/ui/toast";

interface Props {
  rules: Threshold[];
  show: (rule: string) => void;
}

/** Operators change their own rules, administrators all. */
export function mayChange(rule: Threshold, me: Me | undefined): boolean {
  if (atLeast(me?.role, "admin")) return true;
  return atLeast(me?.role, "operator") && rule.owner === me?.name;
}

export function RuleTable({ rules, show }: Props) {
  const [removing, setRemoving] = useState<Threshold | null>(null);
  const remove = useRemoveThreshold();
  return (
    <>
      <Table aria-label="Rules" className="[&_td]:align-middle">
        <thead>
          <tr>
            <Th>Name</Th>
            <Th>Condition</Th>
            <Th className="max-md:hidden">Clears at</Th>
            <Th>Severity</Th>
            <Th className="max-md:hidden">Servers</Th>
            <Th className="max-md:hidden">Owner</Th>
            <Th className="max-md:hidden">State</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <Row key={rule.id} rule={rule} show={show} remove={() => setRemoving(rule)} />
          ))}
        </tbody>
      </Table>
      {removing && (
        <Confirm
          title={`Remove the rule ${removing.name}`}
          text={`${conditionOf(removing)} on ${removing.target}. Its open alerts are resolved.`}
          action="Remove"
          command={thresholdCommands.rm(removing.name)}
          run={() => remove.mutateAsync(removing.id)}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}

interface RowProps {
  rule: Threshold;
  show: (rule: string) => void;
  remove: () => void;
}

function Row({ rule, show, remove }: RowProps) {
  const me = useMe();
  return (
    <tr>
      <Td>
        <button
          type="button"
          className="text-left font-medium break-words hover:underline md:whitespace-nowrap"
          onClick={() => show(rule.name)}
        >
          {rule.name}
        </button>
      </Td>
      <Td className="tabular-nums md:whitespace-nowrap">
        {conditionOf(rule)}
        <span className="block text-xs text-faint md:hidden">{rule.target}</span>
      </Td>
      <Td className="whitespace-nowrap tabular-nums max-md:hidden">
        {inUnit(rule.metric, rule.clear)}
      </Td>
      <Td>
        <SeverityBadge severity={rule.severity} />
      </Td>
      <Td className="min-w-32 break-words max-md:hidden">{rule.target}</Td>
      <Td className="max-md:hidden">{rule.owner ?? <span className="text-faint">the hub</span>}</Td>
      <Td className="max-md:hidden">
        <Badge tone={rule.enabled ? "good" : "plain"}>{rule.enabled ? "on" : "off"}</Badge>
      </Td>
      <Td>
        {mayChange(rule, me.data) ? (
          <Actions rule={rule} remove={remove} />
        ) : (
          <CopyButton
            text={thresholdCommands.show(rule.name)}
            label={`Copy the command that shows ${rule.name}`}
          />
        )}
      </Td>
    </tr>
  );
}

function Actions({ rule, remove }: { rule: Threshold; remove: () => void }) {
  const turn = useSwitchThreshold();
  const change = { rule: rule.id, enabled: !rule.enabled };
  const verb = rule.enabled ? "disable" : "enable";
  const word = rule.enabled ? "Disable" : "Enable";
  const onError = (error: unknown) => toast(asHubError(error).message, { bad: true });
  return (
    <div className="flex flex-wrap items-center justify-end gap-1">
      <Button
        size="small"
        aria-label={`${word} ${rule.name}`}
        disabled={turn.isPending}
        onClick={() => turn.mutate(change, { onError })}
      >
        {word}
      </Button>
      <Button size="small" look="danger" aria-label={`Remove ${rule.name}`} onClick={remove}>
        Remove
      </Button>
      <span className="max-md:hidden">
        <CopyButton
          text={thresholdCommands[verb](rule.name)}
          label={`Copy the command that ${verb}s ${rule.name}`}
        />
      </span>
    </div>
  );
}
