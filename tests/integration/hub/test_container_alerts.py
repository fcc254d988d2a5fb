"""The rule on containers, from a real engine to the alert and what its agent tells with it."""

from __future__ import annotations

from typing import Any

from tests.integration.hub.test_docker import watched
from tests.support.engine import RealEngine
from tests.support.hub import TestHub
from tests.support.waiting import until_async

SICK = {"test": ["CMD", "/bin/false"], "interval": 100_000_000, "retries": 1}


async def test_a_stopped_and_an_unhealthy_container_fire_and_are_named(
    hub: TestHub, engine: RealEngine
) -> None:
    body = {"metric": "container.state:*", "op": "gt", "value": 0, "for_s": 0, "name": "down"}
    await hub.ok("POST", "/alerts/thresholds", body)
    engine.run("app")
    engine.run("sick", healthcheck=SICK)
    engine.run("well")
    async with watched(hub, engine) as reader:

        async def firing(*names: str) -> dict[str, Any] | None:
            await hub.ok("GET", "/docker/web-1/stats", token=reader)  # so the agent looks now
            found = (await hub.ok("GET", "/alerts?state=firing", token=reader))["items"]
            down = {one["instance"]: one for one in found if one["threshold_name"] == "down"}
            return down if sorted(down) == sorted(names) else None

        await until_async(lambda: firing("sick"))
        with engine.client() as client:
            client.kill("app")
        alerts = await until_async(lambda: firing("app", "sick"))
        app = alerts["app"]
        assert app["message"] == "the container app does not run, or is unhealthy"

        async def evidence() -> Any:
            return (await hub.ok("GET", f"/alerts/{app['id']}", token=reader))["evidence"]

        told = (await until_async(evidence))["containers"]
        states = {one["name"]: (one["state"], one["health"]) for one in told}
        assert states["app"] == ("exited", None)
        assert states["well"] == ("running", None)
        assert told[-1]["name"] == "well"  # of very many, those in trouble are kept
        with engine.client() as client:
            client.start("app")
        await until_async(lambda: firing("sick"))
