import { type ComponentProps, useEffect, useState } from "react";
import { Input } from "@/ui/field";

const QUIET_MS = 400;

interface Props extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  value: string;
  change: (value: string) => void;
}

/** A box that says what was typed when the typing rests: the hub is not asked for each letter. */
export function LateInput({ value, change, ...rest }: Props) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => change(typed.trim()), QUIET_MS);
    return () => clearTimeout(timer);
  }, [typed, value, change]);
  return (
    <Input
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      {...rest}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => event.key === "Enter" && change(typed.trim())}
    />
  );
}
