/** What `read` makes of a text, or what is wrong with it, for the field that it stands in. */
export function attempt<T>(read: () => T): [value: T | undefined, wrong: string | undefined] {
  try {
    return [read(), undefined];
  } catch (error) {
    return [undefined, error instanceof Error ? error.message : String(error)];
  }
}
