import { type FormEvent, useMemo, useState } from "react";
import { useUpdateServer } from "@/api/servers";
import type { ServerDetail } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { parseTags, tagChanges } from "@/lib/servers";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Textarea } from "@/ui/field";

/** All tags as text: what is taken out of it is taken from the server. */
export function TagServer({ server, onClose }: { server: ServerDetail; onClose: () => void }) {
  const [text, setText] = useState(() => written(server.tags));
  const update = useUpdateServer(server.id);
  const [changes, wrong] = useMemo(() => changesOf(server.tags, text), [server.tags, text]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) update.mutate({ tags: changes }, { onSuccess: onClose });
  };
  const none = Object.keys(changes).length === 0;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Tags of ${server.name}`}
      description="Servers are chosen by their tags: tag:env=prod."
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field label="Tags" hint="KEY=VALUE, with spaces between them" error={wrong}>
          {(props) => (
            <Textarea
              {...props}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <Complaint error={update.error} />
        {!none && <CliCommand command={serverCommands.tag(server.name, changes)} />}
        <Button type="submit" look="main" disabled={update.isPending || none || Boolean(wrong)}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}

const written = (tags: Record<string, string>) =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");

type Changes = Record<string, string | null>;

function changesOf(before: Record<string, string>, text: string): [Changes, string | undefined] {
  try {
    return [tagChanges(before, parseTags(text)), undefined];
  } catch (error) {
    return [{}, error instanceof Error ? error.message : String(error)];
  }
}
