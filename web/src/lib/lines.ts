/** A row of a list of lines holds so many characters; what is longer goes on in the next one. */
const MOST = 2_000;

/** A text as rows to show. A newline at the end begins no row. */
export function rows(text: string): string[] {
  if (text === "") return [];
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  return lines.flatMap((line) => (line.length > MOST ? cut(line) : [line]));
}

function cut(line: string): string[] {
  const parts = [];
  for (let begin = 0; begin < line.length; begin += MOST) {
    parts.push(line.slice(begin, begin + MOST));
  }
  return parts;
}
