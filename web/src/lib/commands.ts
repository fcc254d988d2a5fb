// The `chatops` command that does the same as an action of the page: one function an action, from
// the same values. docs/reference/cli.md has the commands.
import { line } from "./shell";

const chatops = (...words: Parameters<typeof line>) => line("chatops", ...words);

export const commands = {
  login: (url: string, user: string) => chatops("login", url, "-u", user || "USER"),
  servers: {
    list: () => chatops("servers", "list"),
    show: (server: string) => chatops("servers", "show", server),
    add: (name: string, tags: Record<string, string>) =>
      chatops("servers", "add", name || "NAME", ...tagWords(tags), "--key"),
    rename: (server: string, name: string) => chatops("servers", "rename", server, name || "NEW"),
    tag: (server: string, tags: Record<string, string | null>) =>
      chatops("servers", "tag", server, ...changes(tags)),
    share: (server: string, user: string, role: string) =>
      chatops("servers", "share", server, "--user", user || "USER", "--role", role),
    unshare: (server: string, user: string) =>
      chatops("servers", "unshare", server, "--user", user),
    rm: (server: string) => chatops("servers", "rm", server, "--yes"),
  },
};

function tagWords(tags: Record<string, string>): string[] {
  return Object.entries(tags).flatMap(([key, value]) => ["--tag", `${key}=${value}`]);
}

function changes(tags: Record<string, string | null>): string[] {
  return Object.entries(tags).map(([key, value]) =>
    value === null ? `${key}-` : `${key}=${value}`,
  );
}
