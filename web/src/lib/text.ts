// Text that came from somewhere else, made safe to show, by the rules of the CLI (chatops.text).

// Controls (C0, DEL, C1), halves of pairs, line and paragraph separators, and the bidirectional
// marks and overrides that can make a line read as something else.
export const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of `text`, with every control character written out: `\n`, `\x1b`, `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, spell);
}

/** The same for text of several lines: newlines and tabs stay, and of `\r\n` the newline. */
export function visibleLines(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(UNSAFE, (char) => (char === "\n" || char === "\t" ? char : spell(char)));
}

function spell(char: string): string {
  const code = char.charCodeAt(0).toString(16);
  return (
    SHORT[char] ?? (code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`)
  );
}
