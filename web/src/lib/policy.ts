// What an agent's policy lets the hub do, in the words of `chatops servers show`.
import type { ServerDetail } from "@/api/types";
import { bytes, duration } from "./format";

/** Name and words; null where the policy says nothing of it. */
export function policyWords(server: ServerDetail): [name: string, words: string | null][] {
  const { allow, exec, shell, docker, files } = server;
  return [
    ["Allows", allow ? allow.join(" ") || "nothing" : null],
    ["Runs as", exec?.user || null],
    ["Commands", exec ? commands(exec) : null],
    ["Limits", exec ? limits(exec) : null],
    ["Terminals", shell ? terminals(shell) : null],
    ["Containers", docker ? containers(docker) : null],
    ["Files", files ? `${read(files)}; ${written(files)}` : null],
  ];
}

type Of<K extends keyof ServerDetail> = NonNullable<ServerDetail[K]>;

function commands({ commands: listed, deny }: Of<"exec">): string {
  const which = listed ? listed.join(", ") || "none" : "any";
  return deny?.length ? `${which}; never ${deny.join(", ")}` : which;
}

function limits({ max_running, timeout, max_output }: Of<"exec">): string {
  const parts = [
    max_running && `${max_running} at a time`,
    timeout && `${duration(timeout)} time`,
    max_output && `${bytes(max_output)} output`,
  ];
  return parts.filter(Boolean).join(", ") || "none";
}

function terminals({ idle, total }: Of<"shell">): string {
  const parts = [idle && `${duration(idle)} idle`, total && `${duration(total)} in all`];
  return parts.filter(Boolean).join(", ") || "no limits";
}

function containers({ mode, named, exec }: Of<"docker">): string {
  const which = named ? "those that its patterns name" : "all";
  if (mode !== "full") return `${which}, only looked at`;
  return exec ? `${which}, with commands in them` : `${which}, no commands in them`;
}

function read({ folders, units }: Of<"files">): string {
  if (!folders && !units) return "all, and all journals";
  const inFolders = folders?.length ? `in ${folders.join(", ")}` : "none";
  const journals = units?.length ? `journals of ${units.join(", ")}` : "no journals";
  return `${inFolders}; ${journals}`;
}

function written({ write, write_folders }: Of<"files">): string {
  if (!write) return "none written";
  if (!write_folders) return "written anywhere";
  return `written in ${write_folders.join(", ") || "no folder"}`;
}
