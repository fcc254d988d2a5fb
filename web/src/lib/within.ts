/** A path of this console, from a query that anybody may have written; else the first page. */
export function within(path: string | null): string {
  return path && /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/servers";
}
