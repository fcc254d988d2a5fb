import { Link } from "react-router";
import type { ContainerStats, ServerContainer, ServerDetail } from "@/api/types";
import { type StatsById, stateTone } from "@/lib/containers/list";
import { bytes, percent, rate } from "@/lib/format";
import { visible } from "@/lib/text";
import { Badge } from "@/ui/badge";
import { Table, Td, Th } from "@/ui/table";
import { ContainerMenu } from "./ContainerMenu";

interface Props {
  server: ServerDetail;
  containers: ServerContainer[];
  stats: StatsById;
}

export function ContainerTable({ server, containers, stats }: Props) {
  return (
    <Table aria-label="Containers">
      <thead>
        <tr>
          <Th>Container</Th>
          <Th>State</Th>
          <Th className="text-right">CPU</Th>
          <Th className="text-right">Memory</Th>
          <Th className="max-lg:hidden">Network in, out</Th>
          <Th className="max-lg:hidden">Ports</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {containers.map((one) => (
          <Row key={one.id} server={server} container={one} stats={stats.get(one.id)} />
        ))}
      </tbody>
    </Table>
  );
}

interface RowProps {
  server: ServerDetail;
  container: ServerContainer;
  stats: ContainerStats | undefined;
}

function Row({ server, container, stats }: RowProps) {
  const limit = stats?.memory_limit;
  return (
    <tr className="hover:bg-card">
      <Td className="w-full max-w-0 min-w-36">
        <Link
          to={`/servers/${encodeURIComponent(server.name)}/containers/${encodeURIComponent(container.name)}`}
          className="block truncate font-medium hover:underline"
        >
          {visible(container.name)}
        </Link>
        <span className="block truncate text-xs text-faint" title={visible(container.image)}>
          {container.project && `${visible(container.project)} · `}
          {visible(container.image)}
        </span>
      </Td>
      <Td>
        <ContainerState state={container.state} health={container.health} />
        <span className="block text-xs whitespace-nowrap text-faint max-md:hidden">
          {visible(container.status)}
        </span>
      </Td>
      <Td className="text-right whitespace-nowrap tabular-nums">
        {percent(stats?.cpu_percent ?? container.cpu_percent)}
      </Td>
      <Td className="text-right whitespace-nowrap tabular-nums">
        {bytes(stats?.memory ?? container.memory)}
        {limit && <span className="block text-xs text-faint">of {bytes(limit)}</span>}
      </Td>
      <Td className="whitespace-nowrap tabular-nums max-lg:hidden">
        {rate(stats?.rx_bps)}, {rate(stats?.tx_bps)}
      </Td>
      <Td className="text-xs max-lg:hidden">
        {container.ports.map((port) => (
          <span key={port} className="block whitespace-nowrap">
            {visible(port)}
          </span>
        ))}
      </Td>
      <Td>
        <ContainerMenu server={server} name={container.name} state={container.state} />
      </Td>
    </tr>
  );
}

export function ContainerState({ state, health }: { state: string; health: string | null }) {
  return (
    <Badge tone={stateTone(state, health)}>
      {visible(state)}
      {health && health !== "none" && `, ${visible(health)}`}
    </Badge>
  );
}
