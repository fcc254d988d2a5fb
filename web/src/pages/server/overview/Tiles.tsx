import type { ServerDetail, ServerSample } from "@/api/types";
import { bytes, duration, number, percent, rate } from "@/lib/format";
import { sumOf } from "@/lib/sample";
import { visible } from "@/lib/text";
import { useFleet } from "@/stores/fleet";
import { Bar, Cores, type ListRow, Rows, Tile } from "./Tile";

interface Props {
  server: ServerDetail;
  sample: ServerSample;
}

/** The newest sample of a server, value by value. */
export function Tiles({ server, sample }: Props) {
  const old = server.status !== "online";
  return (
    <div className="grid grid-cols-[repeat(auto-fill,minmax(min(16rem,100%),1fr))] gap-3">
      <Load server={server} sample={sample} />
      <Disks sample={sample} old={old} />
      <Network sample={sample} old={old} />
      <Heat sample={sample} old={old} />
      <Host sample={sample} old={old} />
    </div>
  );
}

function Load({ server, sample }: Props) {
  const { cpu, memory, swap, load } = sample;
  const recent = useFleet((fleet) => fleet.servers[server.id]?.recent);
  const line = (metric: string, most?: number) => {
    const values = recent?.[metric];
    return values && { values, ...(most !== undefined && { most }) };
  };
  const old = server.status !== "online";
  const parts = [
    cpu.user != null && `user ${percent(cpu.user)}`,
    cpu.system != null && `system ${percent(cpu.system)}`,
    cpu.iowait != null && `iowait ${percent(cpu.iowait)}`,
    cpu.steal ? `steal ${percent(cpu.steal)}` : false,
  ];
  return (
    <>
      <Tile
        title="CPU"
        value={percent(cpu.percent)}
        old={old}
        recent={line("cpu", 100)}
        detail={parts.filter(Boolean).join(" · ")}
      >
        <Cores cores={cpu.per_core ?? []} />
      </Tile>
      <Tile
        title="Memory"
        value={percent(memory.percent)}
        old={old}
        recent={line("memory", 100)}
        detail={used(memory.used, memory.total)}
      >
        <Bar value={memory.percent} />
      </Tile>
      <Tile
        title="Load"
        value={load[0] === undefined ? "–" : load[0].toFixed(2)}
        old={old}
        recent={line("load1")}
        detail={[
          load.length > 2 && `5 min ${load[1]?.toFixed(2)} · 15 min ${load[2]?.toFixed(2)}`,
          cpu.count && `${cpu.count} ${cpu.count === 1 ? "core" : "cores"}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      />
      <Tile
        title="Swap"
        value={swap.total === 0 ? "none" : percent(swap.percent)}
        old={old}
        detail={swap.total ? used(swap.used, swap.total) : undefined}
      >
        {swap.total ? <Bar value={swap.percent} /> : null}
      </Tile>
    </>
  );
}

interface Part {
  sample: ServerSample;
  old: boolean;
}

function Disks({ sample, old }: Part) {
  const fullest = Math.max(...sample.disks.map((disk) => disk.percent ?? 0));
  const rows = sample.disks.map(
    (disk): ListRow => ({
      name: disk.mount,
      value: percent(disk.percent),
      part: disk.percent ?? null,
      more: `${bytes(disk.free)} free`,
    }),
  );
  return (
    <Tile
      title="Disks"
      value={sample.disks.length ? percent(fullest) : "–"}
      old={old}
      detail={sample.disks.length > 1 ? "the fullest" : undefined}
    >
      <Rows rows={rows} what="file systems" />
    </Tile>
  );
}

const LOOPBACK = "lo";

function Network({ sample, old }: Part) {
  const real = sample.network.filter((one) => one.interface !== LOOPBACK);
  const busy = [...sample.network].sort((one, other) => traffic(other) - traffic(one));
  const rows = busy.map((one) => ({
    name: one.interface,
    value: `↓ ${rate(one.rx_bps)} ↑ ${rate(one.tx_bps)}`,
    ...(one.errors_ps ? { more: `${number(one.errors_ps)} errors/s` } : {}),
  }));
  const disks = sample.disk_io.map((one) => ({
    name: one.device,
    value: `read ${rate(one.read_bps)}`,
    more: `write ${rate(one.write_bps)}`,
  }));
  return (
    <>
      <Tile
        title="Network"
        value={`↓ ${rate(sumOf(real.map((one) => one.rx_bps)))}`}
        old={old}
        detail={`↑ ${rate(sumOf(real.map((one) => one.tx_bps)))} sent`}
      >
        <Rows rows={rows} what="interfaces" />
      </Tile>
      <Tile
        title="Disk I/O"
        value={rate(sumOf(sample.disk_io.map((one) => one.write_bps)))}
        old={old}
        detail={`written · ${rate(sumOf(sample.disk_io.map((one) => one.read_bps)))} read`}
      >
        <Rows rows={disks} what="devices" />
      </Tile>
    </>
  );
}

type Interface = ServerSample["network"][number];
const traffic = (one: Interface) => (one.rx_bps ?? 0) + (one.tx_bps ?? 0);

function Heat({ sample, old }: Part) {
  const { temperatures } = sample;
  if (!temperatures.length) return null;
  const hottest = Math.max(...temperatures.map((one) => one.celsius ?? Number.NEGATIVE_INFINITY));
  const rows = temperatures.map((one) => ({
    name: one.sensor,
    value: one.celsius == null ? "–" : `${number(one.celsius)} °C`,
  }));
  return (
    <Tile
      title="Temperature"
      value={Number.isFinite(hottest) ? `${number(hottest)} °C` : "–"}
      old={old}
      detail={temperatures.length > 1 ? "the hottest" : undefined}
    >
      <Rows rows={rows} what="sensors" />
    </Tile>
  );
}

function Host({ sample, old }: Part) {
  const { uptime_s, process_count, containers, container_count, units, custom } = sample;
  const running = containers.filter((one) => one.state === "running").length;
  return (
    <>
      <Tile
        title="Up"
        value={uptime_s == null ? "–" : duration(uptime_s)}
        old={old}
        detail={`${number(process_count)} processes`}
      />
      <Tile
        title="Containers"
        value={container_count == null ? "–" : number(container_count)}
        old={old}
        detail={containers.length ? `${running} of them running` : undefined}
      />
      {units?.failed != null && (
        <Tile
          title="Failed units"
          value={number(units.failed)}
          old={old}
          detail={visible((units.names ?? []).join(", "))}
        />
      )}
      {custom && custom.length > 0 && (
        <Tile title="Custom" value={`${custom.length}`} old={old} detail="values of its own">
          <Rows
            rows={custom.map((one) => ({ name: one.name, value: number(one.value) }))}
            what="values"
          />
        </Tile>
      )}
    </>
  );
}

const used = (part: number | null | undefined, whole: number | null | undefined) =>
  `${bytes(part)} of ${bytes(whole)}`;
