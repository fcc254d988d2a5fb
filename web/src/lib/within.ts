const HERE = "https://console.invalid";

/** A path of this console, from a query that anybody may have written; else the first page. */
export function within(path: string | null): string {
  if (!path?.startsWith("/") || !URL.canParse(path, HERE)) return "/servers";
  const { origin, pathname, search } = new URL(path, HERE);
  const ours = origin === HERE && !/^\/(\/|login)/.test(pathname);
  return ours ? pathname + search : "/servers";
}
