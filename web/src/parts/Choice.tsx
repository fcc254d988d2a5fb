import type { ComponentProps, ReactNode } from "react";
import { Field, Select } from "@/ui/field";

/** A value, with other words for it where it needs some. */
export type Option = string | [value: string, text: string];

interface OneOfProps extends Omit<ComponentProps<"select">, "onChange" | "value" | "children"> {
  value: string;
  change: (value: string) => void;
  options: readonly Option[];
}

/** One of a few, as among filters: `aria-label` says what it is. */
export function OneOf({ value, change, options, ...rest }: OneOfProps) {
  return (
    <Select {...rest} value={value} onChange={(event) => change(event.target.value)}>
      {options.map((option) => {
        const [one, text] = typeof option === "string" ? [option, option] : option;
        return (
          <option key={one} value={one}>
            {text}
          </option>
        );
      })}
    </Select>
  );
}

interface Props {
  label: string;
  hint?: ReactNode;
  className?: string;
  value: string;
  change: (value: string) => void;
  options: readonly Option[];
}

/** One of a few, in a form. */
export function Choice({ label, hint, className, ...rest }: Props) {
  return (
    <Field label={label} hint={hint} {...(className && { className })}>
      {(props) => <OneOf {...props} {...rest} />}
    </Field>
  );
}
