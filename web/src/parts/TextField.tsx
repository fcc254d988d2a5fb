import type { ComponentProps, ReactNode } from "react";
import { Field, Input } from "@/ui/field";

interface Props extends Omit<ComponentProps<"input">, "onChange"> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  value: string;
  change: (value: string) => void;
  fieldClass?: string;
}

/** One line of text in a form: label, box, hint and what is wrong with it. */
export function TextField({ label, hint, error, change, fieldClass, ...rest }: Props) {
  return (
    <Field label={label} hint={hint} error={error} {...(fieldClass && { className: fieldClass })}>
      {(props) => (
        <Input
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          {...rest}
          {...props}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </Field>
  );
}
