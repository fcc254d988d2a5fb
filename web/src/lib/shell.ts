import { UNSAFE } from "./text";

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word as a POSIX shell reads it back, whatever stands in it. */
export function quote(word: string): string {
  if (PLAIN.test(word)) return word;
  const obeyed = word.replace(/[\n\t]/g, "").search(UNSAFE) >= 0;
  return obeyed ? spelled(word) : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A word with characters that a terminal would obey when the command is pasted, quotes or not:
 * spelled, as bash, zsh and ksh read it. Names of targets come here.
 */
function spelled(word: string): string {
  const code = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `$'${word.replace(/[\\']/g, "\\$&").replace(UNSAFE, code)}'`;
}

/** A command line of words; what is null, undefined or false is left out. */
export function line(...words: (string | number | null | undefined | false)[]): string {
  return words
    .filter((word) => word !== null && word !== undefined && word !== false)
    .map((word) => quote(String(word)))
    .join(" ");
}
