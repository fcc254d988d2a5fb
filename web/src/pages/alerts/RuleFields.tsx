import type { RuleText } from "@/lib/commands/alerts";
import { exampleOf } from "@/lib/metricNames";
import type { RuleWrong } from "@/lib/rules";
import { Choice } from "@/parts/Choice";
import { MetricField } from "@/parts/MetricField";
import { TextField } from "@/parts/TextField";

interface Props {
  text: RuleText;
  change: (text: RuleText) => void;
  wrong: RuleWrong;
  /** It has its name, by which it is changed. */
  named: boolean;
}

export function RuleFields({ text, change, wrong, named }: Props) {
  const set = (name: keyof RuleText) => (value: string) => change({ ...text, [name]: value });
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-4">
      <TextField
        label="Name"
        hint={named ? "a rule is changed by its name" : "the hub makes one up if there is none"}
        maxLength={63}
        disabled={named}
        fieldClass="lg:col-span-2"
        value={text.name}
        change={set("name")}
      />
      <TextField
        label="Servers"
        hint="web-1, web-*, tag:env=prod, all; also those that come later"
        fieldClass="lg:col-span-2"
        value={text.target}
        change={set("target")}
      />
      <MetricField
        label="Metric"
        hint="disk is the fullest, disk:/var one, disk:* each"
        target={text.target}
        required
        value={text.metric}
        change={set("metric")}
      />
      <Choice
        label="Is"
        value={text.op}
        change={set("op")}
        options={[
          ["gt", "> more than"],
          ["ge", "≥ at least"],
          ["lt", "< less than"],
          ["le", "≤ at most"],
        ]}
      />
      <TextField
        label="Value"
        hint={exampleOf(text.metric)}
        required
        error={text.value ? wrong.value : undefined}
        value={text.value}
        change={set("value")}
      />
      <TextField
        label="For"
        hint="how long it must have lasted: 0, 30s, 5m"
        required
        error={text.for ? wrong.for : undefined}
        value={text.for}
        change={set("for")}
      />
      <TextField
        label="Clears at"
        hint="or further inside; 5 % inside if empty"
        error={wrong.clear}
        value={text.clear}
        change={set("clear")}
      />
      <Choice
        label="Severity"
        value={text.severity}
        change={set("severity")}
        options={["info", "warning", "critical"]}
      />
    </div>
  );
}
