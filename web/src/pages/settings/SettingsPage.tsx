import type { ReactNode } from "react";
import { useMe } from "@/api/auth";
import type { Role } from "@/api/types";
import { atLeast } from "@/lib/roles";
import { Nothing } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { SubPages } from "@/parts/SubPages";

const PAGES: [to: string, name: string, role: Role][] = [
  ["/settings", "Profile", "viewer"],
  ["/settings/tokens", "API tokens", "viewer"],
  ["/settings/users", "Users", "admin"],
  ["/settings/channels", "Channels", "admin"],
  ["/settings/hub", "Hub", "admin"],
  ["/settings/status", "Status", "viewer"],
];

interface Props {
  title: string;
  actions?: ReactNode;
  /** Who may see it; the hub says so too. */
  needs?: Role;
  children: ReactNode;
}

/** The frame of the pages of settings: which there are for who looks. */
export function SettingsPage({ title, actions, needs = "viewer", children }: Props) {
  const me = useMe();
  const pages = PAGES.filter(([, , least]) => atLeast(me.data?.role, least));
  const barred = me.data !== undefined && !atLeast(me.data.role, needs);
  return (
    <Page title={title} actions={!barred && actions}>
      <SubPages label="Settings" pages={pages.map(([to, name]) => [to, name])} />
      {barred ? <Nothing>Only administrators see this.</Nothing> : children}
    </Page>
  );
}
