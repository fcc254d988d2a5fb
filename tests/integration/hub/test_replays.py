"""``/alerts/replay`` in a real hub: rules tried on what agents measured, for who may see it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from chatops.protocol.limits import MAX_HISTORY_SERVERS
from tests.support.hub import StubAgent, TestHub, metrics_message


async def measured(hub: TestHub, name: str, values: Sequence[float], **fields: Any) -> None:
    """A server that measured these, ten seconds apart, until now."""
    key = (await hub.server(name, **fields))["key"]["key"]
    begin = time.time() - 10 * len(values)
    agent: StubAgent
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        for number, value in enumerate(values, 1):
            await agent.send(metrics_message(number, begin + 10 * number, cpu=value))
            await agent.expect("metrics_ack")


async def replay(hub: TestHub, query: str, **options: Any) -> Any:
    return await hub.ok("GET", f"/alerts/replay?{query}", **options)


async def test_a_rule_is_tried_on_the_history(hub: TestHub) -> None:
    await measured(hub, "web-1", [10, 95, 88, 95, 88, 95, 10, 10, 95, 10])
    found = await replay(hub, "metric=cpu&op=gt&value=90&for_s=0")
    assert (found["step"], found["clear"], found["target"]) == (None, 85.5, "all")
    (row,) = found["items"]
    assert (row["server"], row["metric"], row["values"]) == ("web-1", "cpu", 10)
    assert (row["fired"], row["plain_fired"], row["firing"]) == (2, 4, False)
    assert (round(row["fired_s"]), round(row["longest_s"]), row["plain_s"]) == (60, 50, 40.0)
    assert row["firings"][0]["worst"] == 95.0
    assert row["firings"][0]["fired_at"] == row["first_fired_at"]
    slow = await replay(hub, "metric=cpu&op=gt&value=90&for_s=40")
    assert slow["items"][0]["fired"] == 1
    each = await replay(hub, "metric=disk:*&op=ge&value=70&for_s=0")
    assert [(one["metric"], one["instance"], one["firing"]) for one in each["items"]] == [
        ("disk:/", "/", True)
    ]


async def test_a_rule_that_there_is_is_tried_and_nothing_comes_of_it(hub: TestHub) -> None:
    await measured(hub, "web-1", [95, 95])
    rule = {"metric": "cpu", "op": "gt", "value": 90, "for_s": 3600, "name": "hot"}
    await hub.ok("POST", "/alerts/thresholds", rule)
    assert (await replay(hub, "threshold=hot"))["items"][0]["fired"] == 0
    assert (await replay(hub, "threshold=hot&for_s=0"))["items"][0]["fired"] == 1
    offline = (await replay(hub, "threshold=offline&for_s=0"))["items"][0]
    assert (offline["metric"], offline["fired"]) == ("offline", 0)
    assert offline["values"] > 0
    assert (await hub.ok("GET", "/alerts"))["items"] == []
    trail = (await hub.ok("GET", "/audit"))["items"]
    assert not [one for one in trail if "replay" in one["action"]]


async def test_it_shows_only_what_the_caller_may_see(hub: TestHub) -> None:
    ada, eve = await hub.user("ada", "operator"), await hub.user("eve", "viewer")
    await measured(hub, "mine", [95], token=ada)
    await measured(hub, "other", [95])
    query = "metric=cpu&op=gt&value=90&for_s=0"
    rows = (await replay(hub, query, token=ada))["items"]
    assert [one["server"] for one in rows] == ["mine"]
    for path, token in ((f"{query}&target=other", ada), (query, eve), ("threshold=nope", ada)):
        assert (await hub.call("GET", f"/alerts/replay?{path}", token=token)).status == 404
    assert (await hub.call("GET", f"/alerts/replay?{query}", token=None)).status == 401


async def test_nonsense_and_too_much_are_refused(hub: TestHub) -> None:
    await hub.server("web-1")
    for query in (
        "metric=cpu", "metric=cpu&op=gt&value=nan", "metric=nope&op=gt&value=1",
        "metric=cpu&op=gt&value=1&clear=2", "metric=cpu&op=gt&value=1&for_s=-1",
        "metric=cpu&op=gt&value=1&since=2999-01-01T00:00:00Z", "metric=cpu&op=over&value=1",
    ):  # fmt: skip
        answer = await hub.call("GET", f"/alerts/replay?{query}")
        assert answer.status == 422, (query, answer.body)
    for number in range(MAX_HISTORY_SERVERS):
        await hub.server(f"web-x{number}", key=False)
    answer = await hub.call("GET", "/alerts/replay?metric=cpu&op=gt&value=1")
    assert answer.status == 422
    assert "--target" in answer.body["error"]["hint"]
