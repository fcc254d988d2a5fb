"""Pulling images and removing what nothing uses: a real hub, agent, engine and registry."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.protocol.frames import FrameReader
from chatops.server.api import run_stream
from tests.integration.hub.test_docker import watched
from tests.support.engine import IMAGE, RealEngine
from tests.support.hub import TestHub
from tests.support.registry import registry
from tests.support.waiting import until_async

PULL = "/docker/web-1/images/pull"
PRUNE = "/docker/web-1/prune"


async def pulled(hub: TestHub, image: str) -> list[Any]:
    """The events of a pull."""
    body = await hub.ok("POST", PULL, {"image": image})
    return [msgspec.json.decode(frame) for frame in FrameReader().feed(body)]


async def trail(hub: TestHub, action: str) -> list[tuple[str, dict[str, Any]]]:
    """Outcomes and details, oldest first."""
    records = (await hub.ok("GET", f"/audit?action={action}"))["items"]
    assert {one["target"] for one in records} == {"web-1"}
    return [(one["outcome"], one["detail"]) for one in reversed(records)]


async def test_an_image_is_pulled_with_its_steps(
    hub: TestHub, engine: RealEngine, tmp_path: Path
) -> None:
    with registry(tmp_path) as place:
        image = place.push(engine, "box:one")
        async with watched(hub, engine) as reader:
            denied = await hub.call("POST", PULL, {"image": image}, token=reader)
            assert (denied.status, denied.code) == (403, "not_permitted")
            *steps, last = await pulled(hub, image)
            with engine.client() as client:
                key = client.inspect_image(image)["Id"]
                client.remove_image(image)
            assert last == {
                "event": "result", "result": {"server": "web-1", "image": image, "id": key}
            }  # fmt: skip
            assert {step["event"] for step in steps} == {"progress"}
            assert [step["status"] for step in steps if "layer" in step][-1] == "Pull complete"
            nonsense = await hub.call("POST", PULL, {"image": "no name"})
            assert (nonsense.status, nonsense.code) == (422, "invalid")
            for wrong, code in (
                (f"{place.address}/box:two", "not_found"),
                ("127.0.0.1:1/box", "conflict"),
            ):
                (*_, failed) = await pulled(hub, wrong)
                assert (failed["event"], failed["error"]["code"]) == ("error", code)
    outcomes = await trail(hub, "docker.pull")
    assert [outcome for outcome, _ in outcomes] == ["denied", "sent", "ok", *["sent", "failed"] * 3]
    assert outcomes[2][1] == {"image": image, "id": key}


async def test_who_leaves_a_pull_cancels_it(
    hub: TestHub, engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stream, "IDLE_CHECK", 0.2)

    def pulls() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name == "chatops-feed pull"]

    async def told() -> bool:
        return (await trail(hub, "docker.pull"))[-1] == ("cancelled", {"image": image})

    # A registry that takes connections and never says anything.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        image = f"127.0.0.1:{silent.getsockname()[1]}/box"
        async with watched(hub, engine):
            headers = {"Authorization": f"Bearer {hub.admin}"}
            url = f"{hub.url}/api/v1{PULL}"
            async with hub.http.post(url, headers=headers, json={"image": image}) as response:
                assert response.status == 200
                await until_async(lambda: len(pulls()) == 1)
            await until_async(told)
            await until_async(lambda: not pulls())


def left_over(engine: RealEngine) -> set[tuple[str, str]]:
    """Make one thing of each kind that nothing uses."""
    with engine.client() as client:
        old = engine.run("old", "/bin/sh", "-c", "head -c 100000 /dev/zero > /file")
        host = client.create_host_config(network_mode="none")
        new = client.create_container(
            IMAGE, ["/bin/true"], name="new", volumes=["/data"], host_config=host
        )
        (volume,) = [one["Name"] for one in client.inspect_container(new["Id"])["Mounts"]]
        network = client.create_network("idle", internal=True)
        image = json.loads(client.import_image_from_data(b"\0" * 10240))["status"]
        client.create_volume("named")
    return {
        ("container", old), ("container", new["Id"]), ("volume", volume),
        ("network", network["Id"]), ("image", image),
    }  # fmt: skip


def things(report: Any) -> set[tuple[str, str]]:
    return {(one["kind"], one["id"]) for one in report["items"]}


async def test_what_nothing_uses_is_removed_after_it_was_shown(
    hub: TestHub, engine: RealEngine
) -> None:
    engine.run("runs")
    wanted = left_over(engine)
    await until_async(lambda: engine.ended("old"))
    volumes = {one for one in wanted if one[0] == "volume"}
    async with watched(hub, engine) as reader:
        assert (await hub.call("POST", PRUNE, {}, token=reader)).status == 403
        planned = await hub.ok("POST", PRUNE, {"dry_run": True, "volumes": True})
        assert things(planned) == wanted
        assert (planned["dry_run"], planned["count"]) == (True, 5)
        assert planned["space"] >= 100_000
        done = await hub.ok("POST", PRUNE, {})
        assert things(done) == wanted - volumes
        assert [one["error"] for one in done["items"]] == [None] * 4
        assert things(await hub.ok("POST", PRUNE, {"volumes": True})) == volumes
        assert things(await hub.ok("POST", PRUNE, {"volumes": True})) == set()
    with engine.client() as client:
        assert [one["Names"] for one in client.containers(all=True)] == [["/runs"]]
        assert [one["Name"] for one in client.volumes()["Volumes"]] == ["named"]
        assert len(client.images()) == 1
        client.remove_volume("named")
    outcomes = await trail(hub, "docker.prune")
    assert [outcome for outcome, _ in outcomes] == ["denied", *["sent", "ok"] * 4]
    assert outcomes[1][1] == {"dry_run": True, "volumes": True}
    assert "container old" in outcomes[4][1]["items"]


async def test_what_the_policy_does_not_show_stays(hub: TestHub, engine: RealEngine) -> None:
    for name in ("app", "other"):
        engine.run(name, "/bin/true")
    await until_async(lambda: engine.ended("app") and engine.ended("other"))
    with engine.client() as client:
        network = client.create_network("idle", internal=True)["Id"]
    try:
        async with watched(hub, engine, containers=["a.*"]):
            report = await hub.ok("POST", PRUNE, {"volumes": True})
            assert [(one["kind"], one["name"]) for one in report["items"]] == [("container", "app")]
    finally:
        with engine.client() as client:
            client.remove_network(network)
            assert [one["Names"] for one in client.containers(all=True)] == [["/other"]]


async def test_a_read_only_policy_refuses_both(hub: TestHub, engine: RealEngine) -> None:
    async with watched(hub, engine, mode="read-only"):
        for path, body in ((PULL, {"image": "box"}), (PRUNE, {"dry_run": True})):
            answer = await hub.call("POST", path, body)
            assert (answer.status, answer.code) == (403, "refused")
            assert "docker.mode is read-only" in answer.body["error"]["message"]
    for action in ("docker.pull", "docker.prune"):
        assert [one for one, _ in await trail(hub, action)] == ["sent", "refused"]
