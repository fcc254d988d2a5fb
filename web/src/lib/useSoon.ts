import { useEffect, useReducer, useRef } from "react";

/** Draws the component again `wait` ms later, once for all that is asked for until then. */
export function useSoon(wait: number): () => void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      again();
    }, wait);
  };
}
