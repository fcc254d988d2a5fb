import type { ReactNode } from "react";
import { Field, Select } from "@/ui/field";

interface Props {
  label: string;
  hint?: ReactNode;
  value: string;
  change: (value: string) => void;
  /** Values, with other words for them where they need some. */
  options: readonly (string | [value: string, text: string])[];
}

/** One of a few, in a form. */
export function Choice({ label, hint, value, change, options }: Props) {
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => change(event.target.value)}>
          {options.map((option) => {
            const [one, text] = typeof option === "string" ? [option, option] : option;
            return (
              <option key={one} value={one}>
                {text}
              </option>
            );
          })}
        </Select>
      )}
    </Field>
  );
}
