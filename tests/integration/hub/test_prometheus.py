"""What a scrape of the hub gives to whom."""

from __future__ import annotations

import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Disk, Network, Sample
from tests.support.hub import TestHub, metrics_message, running_hub
from tests.support.samples import HOSTILE

Values = dict[str, dict[tuple[tuple[str, str], ...], float]]


@dataclass
class Scraped:
    """A scrape: its text, and the values in it."""

    text: str

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series, if it is there."""
        for family in text_string_to_metric_families(self.text):
            for one in family.samples:
                if one.name == name and one.labels == labels:
                    return float(one.value)
        return None

    def servers(self, name: str) -> set[str]:
        """The servers of which a family has values."""
        return {
            one.labels["server"]
            for family in text_string_to_metric_families(self.text)
            for one in family.samples
            if one.name == name
        }


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub", request_limit=1e6) as running:
        yield running


async def scrape(hub: TestHub, token: str | None = "admin", query: str = "?fleet=1") -> Scraped:
    answer = await hub.call("GET", f"/metrics{query}", token=token, prefix="")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scraped(answer.body.decode())


async def token(hub: TestHub, owner: str | None = "admin", **fields: Any) -> str:
    body = {"name": "prom", "role": "viewer", **fields}
    return str((await hub.ok("POST", "/tokens", body, token=owner))["token"])


async def send(agent: Any, message: Metrics) -> None:
    await agent.send(message)
    await agent.expect("metrics_ack")


async def test_an_administrators_viewer_token_gets_all(hub: TestHub) -> None:
    key = (await hub.server("web-1", tags={"env": "prod"}))["key"]["key"]
    await hub.server("web-2")
    async with await hub.agent(key) as agent:
        for seq in (1, 2, 2):
            await send(agent, metrics_message(seq, time.time(), cpu=12.5))
        got = await scrape(hub, await token(hub))
    assert got.value("chatops_server_cpu_ratio", server="web-1") == 0.125
    assert got.value("chatops_server_disk_ratio", server="web-1", mount="/") == 0.7
    assert got.value("chatops_server_up", server="web-1") == 1
    assert got.value("chatops_server_up", server="web-2") == 0
    assert got.value("chatops_servers", status="online") == 1
    assert got.value("chatops_servers", status="never") == 1
    assert got.value("chatops_agents_connected") == 1
    assert got.value("chatops_samples_stored_total", kind="live") == 2
    assert got.value("chatops_samples_rejected_total", reason="duplicate") == 1
    assert got.value("chatops_acks_outstanding") == 0
    commits = got.value("chatops_database_commit_seconds_count", file="metrics.db")
    assert commits is not None
    assert commits >= 2
    assert (got.value("chatops_database_size_bytes", file="logs.db", part="main") or 0) > 0
    assert got.value("chatops_retention_seconds", kind="raw") == 86400
    assert (got.value("process_resident_memory_bytes") or 0) > 10e6


async def test_without_being_asked_for_the_fleet_stays_away(hub: TestHub) -> None:
    await hub.server("web-1")
    got = await scrape(hub, query="")
    assert got.value("chatops_agents_connected") == 0
    assert "chatops_server_" not in got.text


async def test_others_get_their_servers_and_nothing_of_the_hub(hub: TestHub) -> None:
    ada = await hub.user("ada", "operator")
    await hub.server("hers", token=ada)
    await hub.server("hidden")
    narrow = await token(hub, servers="hers")
    for credential in (ada, await token(hub, ada), narrow):
        got = await scrape(hub, credential)
        assert got.servers("chatops_server_up") == {"hers"}
        assert "hidden" not in got.text
        assert got.value("chatops_servers", status="never") == 1
        families = {one.name for one in text_string_to_metric_families(got.text)}
        assert families == {
            "chatops_hub_info", "chatops_hub_uptime_seconds", "chatops_servers", "chatops_alerts",
            "chatops_server_info", "chatops_server_up",
        }  # fmt: skip


async def test_old_values_are_nobodys_present(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await send(agent, metrics_message(1, time.time() - 400))
        got = await scrape(hub)
        assert got.value("chatops_server_up", server="web-1") == 1
        assert got.servers("chatops_server_cpu_ratio") == set()
        await send(agent, metrics_message(2, time.time()))
        assert (await scrape(hub)).servers("chatops_server_cpu_ratio") == {"web-1"}
    await hub.wait_status("web-1", "offline")
    got = await scrape(hub)
    assert got.value("chatops_server_up", server="web-1") == 0
    assert got.servers("chatops_server_cpu_ratio") == set()
    assert got.value("chatops_agent_sessions_ended_total", reason="closed") == 1


async def test_promtool_finds_nothing_to_say_whatever_names_are_like(hub: TestHub) -> None:
    worst = ["\\", '"', "\n", '\\n"} 1\n# HELP', "\x00\r\u2028", "x" * 4096, HOSTILE]
    sample = Sample(
        disks=[Disk(name, percent=1.0, free=1, inodes_percent=2.0) for name in worst],
        network=[Network(name, rx_bps=1.5, tx_bps=2, errors_ps=0) for name in worst],
    )
    key = (await hub.server("web-1", tags={"a": "b@c:d"}))["key"]["key"]
    async with await hub.agent(key) as agent:
        await send(agent, Metrics(epoch="e", seq=1, ts=time.time(), data=sample))
        got = await scrape(hub)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=got.text.encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    for name in worst:
        cut = name[:256]
        assert got.value("chatops_server_disk_free_bytes", server="web-1", mount=cut) == 1


async def test_it_is_compressed_for_who_can_read_that(hub: TestHub) -> None:
    headers = {"Authorization": f"Bearer {hub.admin}", "Accept-Encoding": "gzip"}
    async with hub.http.get(f"{hub.url}/metrics", headers=headers) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert b"chatops_hub_info" in await response.read()


@pytest.mark.parametrize("query", ["?fleet=maybe", "?target=web-1"])
async def test_a_query_that_is_none_is_refused(hub: TestHub, query: str) -> None:
    answer = await hub.call("GET", f"/metrics{query}", prefix="")
    assert (answer.status, answer.code) == (422, "invalid")


async def test_a_token_in_the_url_is_none(hub: TestHub) -> None:
    answer = await hub.call("GET", f"/metrics?token={hub.admin}", token=None, prefix="")
    assert (answer.status, answer.code) == (401, "not_signed_in")
