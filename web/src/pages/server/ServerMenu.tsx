import { ChevronDown, Pencil, Share2, Tags, Trash2 } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useRemoveServer } from "@/api/servers";
import type { ServerDetail } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { Confirm } from "@/parts/Confirm";
import { Button } from "@/ui/button";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { RenameServer } from "./RenameServer";
import { ShareServer } from "./ShareServer";
import { TagServer } from "./TagServer";

type Doing = "rename" | "tag" | "share" | "remove";

/** What owners and administrators may do to the server itself. */
export function ServerMenu({ server }: { server: ServerDetail }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  return (
    <>
      <Menu
        trigger={
          <Button>
            Manage <ChevronDown />
          </Button>
        }
      >
        <MenuItem onSelect={() => setDoing("rename")}>
          <Pencil /> Rename
        </MenuItem>
        <MenuItem onSelect={() => setDoing("tag")}>
          <Tags /> Tags
        </MenuItem>
        <MenuItem onSelect={() => setDoing("share")}>
          <Share2 /> Share
        </MenuItem>
        <MenuLine />
        <MenuItem danger onSelect={() => setDoing("remove")}>
          <Trash2 /> Remove
        </MenuItem>
      </Menu>
      {doing === "rename" && <RenameServer server={server} onClose={close} />}
      {doing === "tag" && <TagServer server={server} onClose={close} />}
      {doing === "share" && <ShareServer server={server} onClose={close} />}
      {doing === "remove" && <RemoveServer server={server} onClose={close} />}
    </>
  );
}

function RemoveServer({ server, onClose }: { server: ServerDetail; onClose: () => void }) {
  const remove = useRemoveServer(server.id);
  const navigate = useNavigate();
  const run = async () => {
    // Away first, or the page would ask for what is no longer there.
    await remove.mutateAsync(undefined, { onSuccess: () => navigate("/servers") });
    toast(`${server.name} is removed`);
  };
  return (
    <Confirm
      title={`Remove ${server.name}?`}
      text="Its keys, metrics, logs and history go with it, and its agent cannot connect any more. This cannot be undone."
      action="Remove"
      command={serverCommands.rm(server.name)}
      run={run}
      onClose={onClose}
    />
  );
}
