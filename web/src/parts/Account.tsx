import { LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useMe } from "@/api/auth";
import { type HubError, signOut } from "@/api/client";
import { type Theme, useTheme } from "@/stores/theme";
import { Button } from "@/ui/button";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { toast } from "@/ui/toast";

const THEMES: [Theme, string, typeof Sun][] = [
  ["system", "As the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

/** Who is signed in, the looks, and the way out. */
export function Account() {
  const me = useMe();
  const { theme, choose } = useTheme();
  const name = me.data?.name ?? "…";
  return (
    <Menu
      trigger={
        <Button look="quiet" className="w-full justify-between">
          <span className="min-w-0 truncate">
            <span className="sr-only">Account: </span>
            {name}
          </span>
          <span className="text-xs text-faint">{me.data?.role}</span>
        </Button>
      }
    >
      {THEMES.map(([value, text, Icon]) => (
        <MenuItem key={value} onSelect={() => choose(value)}>
          <Icon /> {text} {value === theme && <span className="ml-auto">✓</span>}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem onSelect={() => signOut().catch(notTold)}>
        <LogOut /> Sign out
      </MenuItem>
    </Menu>
  );
}

const notTold = (error: HubError) =>
  toast(
    `The hub was not told that you sign out: ${error.message}. This browser is signed in again when the console is loaded; sign out then.`,
    { bad: true },
  );
