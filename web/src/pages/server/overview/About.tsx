import { useSample } from "@/api/metrics";
import type { ServerDetail } from "@/api/types";
import { serverCommands } from "@/lib/commands/servers";
import { bytes, clock, number, percent } from "@/lib/format";
import { policyWords } from "@/lib/policy";
import { visible } from "@/lib/text";
import { CliCommand } from "@/parts/CliCommand";
import { Facts } from "@/parts/Facts";
import { Card } from "@/ui/card";

/** What does not change from sample to sample: the host, its agent, and what that one allows. */
export function About({ server }: { server: ServerDetail }) {
  return (
    <Card title="About this server">
      <div className="grid gap-4">
        <Facts facts={hostFacts(server)} />
        {server.allow === null && (
          <p className="text-sm text-faint">
            What its agent allows is known when it has connected once.
          </p>
        )}
        <CliCommand command={serverCommands.show(server.name)} />
      </div>
    </Card>
  );
}

type Fact = [string, React.ReactNode];

function hostFacts(server: ServerDetail): Fact[] {
  const { host } = server;
  const facts: [string, string | null | undefined][] = [
    ["Host name", host?.hostname],
    ["System", server.os],
    ["Kernel", host?.kernel],
    ["Architecture", host?.arch],
    ["Processor", host?.cpu_model],
    ["Memory", host?.memory_total ? bytes(host.memory_total) : null],
    ["Virtual", host?.virtualization],
    ["Agent", server.agent_version],
    ...policyWords(server),
    ["Address", server.address],
    ["Connected since", server.connected_at && clock(server.connected_at)],
    ["Clock", skew(server.clock_skew_s)],
    ["Added", clock(server.created_at)],
    ["Id", server.id],
  ];
  const words = facts.map(([name, value]): Fact => [name, value && visible(value)]);
  return [...words, ["The agent takes", <AgentCost key="cost" server={server} />]];
}

function skew(seconds: number | null | undefined): string | null {
  if (seconds === null || seconds === undefined) return null;
  const off = Math.abs(seconds);
  if (off < 0.05) return "as the hub's";
  return `${number(off)} s ${seconds > 0 ? "ahead of" : "behind"} the hub's`;
}

/** What watching costs. */
function AgentCost({ server }: { server: ServerDetail }) {
  const { data } = useSample(server.id);
  const agent = data?.agent;
  if (agent?.rss == null) return "–";
  const waiting = agent.spool_samples ? `, ${agent.spool_samples} samples in its spool` : "";
  return `${percent(agent.cpu_percent)} of a core, ${bytes(agent.rss)}${waiting}`;
}
