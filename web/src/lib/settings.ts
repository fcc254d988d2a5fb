import type { Setting } from "@/api/types";

/** A value as people read it: what 0 means is said behind `0:` in the setting's meaning. */
export function valueText({ value, text, meaning }: Pick<Setting, "value" | "text" | "meaning">) {
  const [, zero] = /; 0: (.+)$/.exec(meaning) ?? [];
  return zero && !value ? zero : text;
}
