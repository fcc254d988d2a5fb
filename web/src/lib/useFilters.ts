import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/**
 * What a page is asked for stands in its address, so that it can be sent to somebody, and is there
 * again after going back. A value that is as in `usual` is left out of it.
 */
export function useFilters<T extends Record<string, string>>(
  usual: T,
): [T, (part: Partial<T>) => void] {
  const [query, setQuery] = useSearchParams();
  const text = query.toString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `usual` is a constant of its page
  const filters = useMemo(() => {
    const asked = new URLSearchParams(text);
    const pairs = Object.entries(usual).map(([name, value]) => [name, asked.get(name) ?? value]);
    return Object.fromEntries(pairs) as T;
  }, [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const change = useCallback(
    (part: Partial<T>) =>
      setQuery(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(part)) {
            if (value === usual[name] || value === undefined) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  return [filters, change];
}
