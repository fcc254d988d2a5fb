import { ArrowLeft, TerminalSquare } from "lucide-react";
import { Link, useNavigate, useParams } from "react-router";
import { useContainer, useContainerProcesses } from "@/api/docker";
import type { ServerDetail } from "@/api/types";
import { containerCommands } from "@/lib/commands/containers";
import { type Detail, detailOf } from "@/lib/containers/detail";
import { entering } from "@/lib/containers/entering";
import { isUp } from "@/lib/containers/list";
import { clock } from "@/lib/format";
import { visible, visibleLines } from "@/lib/text";
import { useThisServer } from "@/pages/server/context";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Loaded } from "@/parts/Loaded";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Table, Td, Th } from "@/ui/table";
import { ContainerLogs } from "./ContainerLogs";
import { ContainerMenu } from "./ContainerMenu";
import { ContainerState } from "./ContainerTable";

/** One container: what its engine knows of it, its processes, and what it writes. */
export function Component() {
  const server = useThisServer();
  const { container = "" } = useParams();
  const query = useContainer(server.name, container);
  return (
    <>
      <Link
        to=".."
        relative="path"
        className="inline-flex items-center gap-1 justify-self-start text-sm text-accent hover:underline"
      >
        <ArrowLeft className="size-4" aria-hidden /> Containers
      </Link>
      <Loaded query={query}>
        {(found) => (
          <Whole
            key={container}
            server={server}
            name={container}
            detail={detailOf(found.detail)}
            all={found.detail}
          />
        )}
      </Loaded>
    </>
  );
}

interface Props {
  server: ServerDetail;
  name: string;
  detail: Detail;
  all: unknown;
}

function Whole({ server, name, detail, all }: Props) {
  const navigate = useNavigate();
  const gone = () => navigate(`/servers/${encodeURIComponent(server.name)}/containers`);
  const runs = isUp(detail.state);
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="min-w-0 text-lg font-semibold break-words">{visible(name)}</h2>
        <ContainerState state={detail.state} health={detail.health} />
        <span className="ml-auto flex flex-wrap items-center gap-2">
          {detail.state === "running" && entering(server) === null && (
            <Button asChild>
              <Link to="terminal">
                <TerminalSquare /> Open a terminal
              </Link>
            </Button>
          )}
          <ContainerMenu server={server} name={name} state={detail.state} alone onGone={gone} />
        </span>
      </div>
      <ContainerLogs server={server} container={name} life={`${runs} ${detail.started}`} />
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title="Facts">
          <div className="grid gap-4">
            <Facts facts={facts(detail)} />
            <CliCommand command={containerCommands.inspect(server.name, name)} />
            <details>
              <summary className="cursor-pointer text-sm">All that the engine knows</summary>
              <pre
                // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keyboard
                tabIndex={0}
                className="mt-2 max-h-96 overflow-auto rounded-md bg-raised p-2 font-mono text-xs"
              >
                {visibleLines(JSON.stringify(all, null, 2))}
              </pre>
            </details>
          </div>
        </Card>
        {runs && <Processes server={server} container={name} />}
      </div>
    </>
  );
}

function facts(detail: Detail): [string, React.ReactNode][] {
  const time = (text: string | null) => text && clock(text);
  const word = (text: string | null) => text && visible(text);
  return [
    ["image", word(detail.image)],
    [
      "command",
      detail.command && <code className="font-mono text-xs">{word(detail.command)}</code>,
    ],
    ["created", time(detail.created)],
    ["started", time(detail.started)],
    ["finished", isUp(detail.state) ? null : time(detail.finished)],
    ["exit status", isUp(detail.state) ? null : word(detail.exitCode)],
    ["restarts", word(detail.restarts)],
    ["restart policy", word(detail.restartPolicy)],
    ["user", word(detail.user)],
    ["folder", word(detail.folder)],
    ["ports", lines(detail.ports)],
    ["networks", lines(detail.networks)],
    ["mounts", lines(detail.mounts)],
    ["variables", detail.variables.length ? visible(detail.variables.join(", ")) : null],
    ["labels", lines(detail.labels)],
  ];
}

function lines(words: string[]) {
  if (words.length === 0) return null;
  return words.map((word) => (
    <span key={word} className="block break-words">
      {visible(word)}
    </span>
  ));
}

function Processes({ server, container }: { server: ServerDetail; container: string }) {
  const processes = useContainerProcesses(server.name, container, true);
  return (
    <Card title="Processes">
      <div className="grid gap-4">
        <Loaded query={processes} empty={<p>It has none.</p>}>
          {(all) => (
            <Table aria-label="Processes">
              <thead>
                <tr>
                  <Th className="text-right">PID</Th>
                  <Th>User</Th>
                  <Th className="w-full">Command</Th>
                </tr>
              </thead>
              <tbody>
                {all.map((one) => (
                  <tr key={one.pid}>
                    <Td className="text-right tabular-nums">{one.pid}</Td>
                    <Td>{one.user && visible(one.user)}</Td>
                    <Td
                      className="max-w-0 min-w-40 truncate font-mono text-xs"
                      title={visible(one.command)}
                    >
                      {visible(one.command)}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Loaded>
        <CliCommand command={containerCommands.top(server.name, container)} />
      </div>
    </Card>
  );
}
