const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word as a POSIX shell reads it back, whatever stands in it. */
export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of words; what is null, undefined or false is left out. */
export function line(...words: (string | number | null | undefined | false)[]): string {
  return words
    .filter((word) => word !== null && word !== undefined && word !== false)
    .map((word) => quote(String(word)))
    .join(" ");
}
