interface Props {
  values: readonly number[];
  /** The top of the drawing; the largest value where it is not given. */
  most?: number;
  label: string;
}

const WIDTH = 96;
const HEIGHT = 24;

/** A line without axes. One path a line: five hundred of them are drawn at once. */
export function Sparkline({ values, most, label }: Props) {
  if (values.length < 2) return <svg width={WIDTH} height={HEIGHT} aria-hidden />;
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label} className="text-accent">
      <path d={path(values, most)} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}

export function path(values: readonly number[], most?: number): string {
  const top = most ?? (Math.max(...values) || 1);
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, index) => {
    const part = Math.min(1, Math.max(0, value / top));
    return `${(index * step).toFixed(1)} ${((HEIGHT - 2) * (1 - part) + 1).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
