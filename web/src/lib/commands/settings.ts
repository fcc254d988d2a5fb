// The commands of accounts, tokens, channels and the hub's settings: docs/reference/cli.md.
import { chatops } from "./chatops";

export const accountCommands = {
  whoami: () => chatops("whoami"),
  passwd: () => chatops("passwd"),
};

export const tokenCommands = {
  list: (user: string) => chatops("tokens", "list", ...option("--user", user)),
  create: (token: { name: string; role: string; servers: string; expires: string }) =>
    chatops(
      ...["tokens", "create", token.name || "NAME", "--role", token.role],
      ...option("--servers", token.servers),
      ...option("--expires", token.expires),
    ),
  revoke: (id: string) => chatops("tokens", "revoke", id, "--yes"),
};

export const userCommands = {
  list: () => chatops("users", "list"),
  create: (name: string, role: string) =>
    chatops("users", "create", name || "NAME", "--role", role),
  setRole: (name: string, role: string) => chatops("users", "set-role", name, role),
  resetPassword: (name: string) => chatops("users", "reset-password", name),
  disable: (name: string) => chatops("users", "disable", name),
  enable: (name: string) => chatops("users", "enable", name),
  delete: (name: string, to: string) =>
    chatops("users", "delete", name, ...option("--reassign-to", to), "--yes"),
};

interface ChannelText {
  name: string;
  severity: string;
  target: string;
  remind: string;
  secret: string;
  insecure: boolean;
}

export const channelCommands = {
  list: () => chatops("channels", "list"),
  /** The URL and the secret are read from stdin: no history of a shell shall hold them. */
  add: (channel: ChannelText) =>
    chatops(
      ...["channels", "add", channel.name || "NAME", "-", "--severity", channel.severity],
      ...["--target", channel.target || "all"],
      ...option("--remind", channel.remind),
      channel.secret !== "" && "--secret-stdin",
      channel.insecure && "--insecure",
    ),
  show: (name: string) => chatops("channels", "show", name),
  test: (name: string) => chatops("channels", "test", name),
  log: (name: string) => chatops("channels", "log", name),
  rm: (name: string) => chatops("channels", "rm", name, "--yes"),
};

export const settingCommands = {
  list: () => chatops("settings", "list"),
  set: (key: string, value: string) => chatops("settings", "set", key, value || "VALUE"),
  reset: (key: string) => chatops("settings", "reset", key),
};

export const statusCommand = () => chatops("status");

function option(name: string, value: string): string[] {
  return value ? [name, value] : [];
}
