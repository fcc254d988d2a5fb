"""How a hub ends: nobody is let in, everybody is told, everything is written down."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatops.protocol.frames import FrameReader
from chatops.server.app import open_hub
from chatops.server.secrets import load_secrets
from chatops.server.services.metrics.ingest import Ingest
from chatops.server.services.metrics.service import MetricsService
from chatops.server.settings import HubSettings
from chatops.tasks import Tasks
from tests.support.databases import lay_out
from tests.support.fleet import connect, events_in
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


async def test_a_hub_that_stops_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[bool] = []
    async with running_hub(tmp_path / "hub") as hub:
        place = urlsplit(hub.url)

        async def drain(_: MetricsService) -> None:
            try:
                _reader, writer = await asyncio.open_connection(place.hostname, place.port)
            except ConnectionRefusedError:
                refused.append(True)
            else:
                writer.close()

        monkeypatch.setattr(MetricsService, "drain", drain)
    assert refused == [True]


async def test_every_agents_end_is_written_down(tmp_path: Path) -> None:
    names = [f"web-{number}" for number in range(60)]
    async with running_hub(tmp_path / "hub") as hub:
        agents = [await hub.agent((await hub.server(name))["key"]["key"]) for name in names]
        for agent in agents:
            await agent.expect("auth_success")
    for agent in agents:
        await agent.close()
    async with running_hub(tmp_path / "hub") as hub:
        assert await ended(hub) == set(names)


async def ended(hub: TestHub) -> set[str]:
    events = (await hub.ok("GET", "/events?limit=1000"))["items"]
    return {
        one["server"] for one in events
        if (one["event"], one["reason"]) == ("disconnected", "hub_stopping")
    }  # fmt: skip


async def test_a_hub_that_lost_its_writer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(_: Ingest) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Ingest, "run", run)
    lay_out(tmp_path)
    settings, secrets = HubSettings(data_dir=tmp_path), load_secrets(tmp_path)
    failures: list[BaseException] = []
    async with open_hub(settings, secrets, on_failure=failures.append):
        await until_async(lambda: failures, what="the failure")
    assert isinstance(failures[0], ZeroDivisionError)


@pytest.mark.parametrize("mode", ["wait", "stream"])
async def test_who_waits_for_a_command_does_not_hold_the_hub_up(tmp_path: Path, mode: str) -> None:
    async with running_hub(tmp_path / "hub") as hub, Tasks() as tasks:
        one = await connect(hub)
        body = {"target": "web-1", "command": "sleep 100", "mode": mode}
        asked = tasks.spawn(hub.call("POST", "/commands", body), name="ask")
        await one.started()
        async with asyncio.timeout(2):
            await hub.hub.stop()
            answer = await asked
        if mode == "wait":
            assert (answer.status, answer.code) == (503, "busy")
            assert answer.body["error"]["details"] == {"sent": True}
        else:
            frames = list(FrameReader().feed(answer.body))
            assert events_in(frames)[-1]["error"]["code"] == "busy"
        await one.agent.close()
