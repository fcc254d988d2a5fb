// The commands that do the same as the pages' actions, from the same values: docs/reference/cli.md.
import { chatops } from "./chatops";

export const serverCommands = {
  login: (url: string, user: string) => chatops("login", url, "-u", user || "USER"),
  list: () => chatops("servers", "list"),
  show: (server: string) => chatops("servers", "show", server),
  add: (name: string, tags: Record<string, string>) =>
    chatops("servers", "add", name || "NAME", ...given(tags), "--key"),
  rename: (server: string, name: string) => chatops("servers", "rename", server, name || "NEW"),
  tag: (server: string, tags: Record<string, string | null>) =>
    chatops("servers", "tag", server, ...changed(tags)),
  share: (server: string, user: string, role: string) =>
    chatops("servers", "share", server, "--user", user || "USER", "--role", role),
  unshare: (server: string, user: string) => chatops("servers", "unshare", server, "--user", user),
  rm: (server: string) => chatops("servers", "rm", server, "--yes"),
};

function given(tags: Record<string, string>): string[] {
  return Object.entries(tags).flatMap(([key, value]) => ["--tag", `${key}=${value}`]);
}

function changed(tags: Record<string, string | null>): string[] {
  return Object.entries(tags).map(([key, value]) =>
    value === null ? `${key}-` : `${key}=${value}`,
  );
}
