import { useState } from "react";
import { useResetSetting, useSettings } from "@/api/settings";
import type { Setting } from "@/api/types";
import { settingCommands } from "@/lib/commands/settings";
import { clock } from "@/lib/format";
import { valueText } from "@/lib/settings";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Confirm } from "@/parts/Confirm";
import { Loaded } from "@/parts/Loaded";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Table, Td, Th } from "@/ui/table";
import { SetSetting } from "./SetSetting";
import { SettingsPage } from "./SettingsPage";

export function Component() {
  const settings = useSettings();
  const [changing, setChanging] = useState<Setting | null>(null);
  const [resetting, setResetting] = useState<Setting | null>(null);
  return (
    <SettingsPage title="Hub settings" needs="admin">
      <p className="text-sm text-faint">
        What may be changed while the hub runs. What is set here stands above its configuration,
        also after a restart.
      </p>
      <CliCommand command={settingCommands.list()} />
      <Loaded query={settings}>
        {(all) => <SettingTable settings={all} change={setChanging} reset={setResetting} />}
      </Loaded>
      {changing && <SetSetting setting={changing} onClose={() => setChanging(null)} />}
      {resetting && <Reset setting={resetting} onClose={() => setResetting(null)} />}
    </SettingsPage>
  );
}

function Reset({ setting, onClose }: { setting: Setting; onClose: () => void }) {
  const reset = useResetSetting(setting.key);
  return (
    <Confirm
      title={`Reset ${setting.key}`}
      text="It goes back to the value of the hub's configuration, or the default."
      action="Reset"
      command={settingCommands.reset(setting.key)}
      run={() => reset.mutateAsync()}
      onClose={onClose}
    />
  );
}

interface TableProps {
  settings: Setting[];
  change: (setting: Setting) => void;
  reset: (setting: Setting) => void;
}

function SettingTable({ settings, change, reset }: TableProps) {
  return (
    <Table aria-label="Settings" className="[&_td]:align-middle">
      <thead>
        <tr>
          <Th>Setting</Th>
          <Th>Value</Th>
          <Th className="max-sm:hidden">From</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {settings.map((setting) => (
          <tr key={setting.key}>
            <Td className="min-w-48">
              <span className="font-mono text-xs font-medium">{setting.key}</span>
              <span className="block text-xs text-faint">{setting.meaning}</span>
            </Td>
            <Td className="break-words tabular-nums">{visible(valueText(setting))}</Td>
            <Td className="max-sm:hidden">
              <Source setting={setting} />
            </Td>
            <Td className="text-right whitespace-nowrap">
              <Button
                size="small"
                aria-label={`Change ${setting.key}`}
                onClick={() => change(setting)}
              >
                Change
              </Button>
              {setting.source === "set" && (
                <Button
                  size="small"
                  className="ml-1"
                  aria-label={`Reset ${setting.key}`}
                  onClick={() => reset(setting)}
                >
                  Reset
                </Button>
              )}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Source({ setting: { source, changed_at, changed_by } }: { setting: Setting }) {
  if (source !== "set") return <Badge>{source}</Badge>;
  return (
    <span title={`${clock(changed_at)} by ${changed_by ?? "somebody who is gone"}`}>
      <Badge tone="accent">set{changed_by && ` by ${changed_by}`}</Badge>
    </span>
  );
}
