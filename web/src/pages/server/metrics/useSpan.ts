import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { isChartable } from "@/lib/charts/choice";
import { readSpan, type Span } from "@/lib/charts/spans";

/** What the charts show, from the address: which time, and which metrics beside the usual ones. */
export function useChoice() {
  const [query, setQuery] = useSearchParams();
  const text = query.toString();
  const { span, extra } = useMemo(() => {
    const asked = new URLSearchParams(text);
    return {
      span: readSpan(asked),
      extra: [...new Set(asked.getAll("metric"))].filter(isChartable),
    };
  }, [text]);
  const write = (to: Span, metrics: string[]) => {
    const next = new URLSearchParams({ range: to.range });
    if (to.until !== null) next.set("until", String(to.until));
    for (const metric of metrics) next.append("metric", metric);
    setQuery(next);
  };
  return {
    span,
    extra,
    setSpan: (to: Span) => write(to, extra),
    add: (metric: string) => write(span, [...extra.filter((one) => one !== metric), metric]),
    drop: (metric: string) =>
      write(
        span,
        extra.filter((one) => one !== metric),
      ),
  };
}
