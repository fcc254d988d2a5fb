"""Histories: page after page, and what they say besides their rows."""

from __future__ import annotations

import pytest

from chatops.client import Client
from chatops.client.history import PAGE_ROWS
from chatops.errors import ChatOpsError, NotFound
from chatops.protocol.rest import HistoryGap
from tests.support.fake_hub import Asked, FakeHub, Reply, error, page
from tests.support.samples import THEN

GAP = {"server": "web-1", "since": THEN, "until": THEN, "samples": 3, "reason": "full"}


def row(value: float, **fields: object) -> dict[str, object]:
    return {"ts": THEN, "metric": "cpu", "value": value, "min": value, "max": value} | fields


def pages(hub: FakeHub, path: str, *bodies: dict[str, object], step: float | None = None) -> None:
    """Answer with these pages, in this order."""

    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("cursor", ["0"])[0])
        more = {"next": str(number + 1) if number + 1 < len(bodies) else None}
        return Reply(body={"step": step, "gaps": [GAP], **bodies[number], **more})

    hub.on(f"GET {path}", answer)


def test_rows_come_page_by_page_and_each_page_when_it_is_needed(hub: FakeHub) -> None:
    pages(hub, "/metrics/web-1/history", page(row(1.0), row(2.0)), page(), page(row(3.0)))
    with Client(hub.url, "t") as client:
        rows = client.metrics.history("web-1", ["cpu"], since=0.0, step=90_061.5)
        assert hub.asked == []
        assert [next(rows).value, next(rows).value] == [1.0, 2.0]
        assert len(hub.asked) == 1
        assert [one.value for one in rows] == [3.0]
        assert next(rows, None) is None
    assert [one.query.get("cursor") for one in hub.asked] == [None, ["1"], ["2"]]
    assert {str(one.query["step"]) for one in hub.asked} == {"['90061.5s']"}
    assert {str(one.query["limit"]) for one in hub.asked} == {f"['{PAGE_ROWS}']"}


def test_step_and_gaps_are_known_before_and_after_the_rows(hub: FakeHub) -> None:
    pages(hub, "/metrics/web-1/history", page(row(1.0)), page(row(2.0)), step=60.0)
    gap = HistoryGap(server="web-1", since=THEN, until=THEN, samples=3, reason="full")
    with Client(hub.url, "t") as client:
        rows = client.metrics.history("web-1")
        for wanted in (2, 0):
            assert (rows.step, rows.gaps) == (60.0, [gap])
            assert len(list(rows)) == wanted
    assert len(hub.asked) == 2


def test_several_servers(hub: FakeHub) -> None:
    both = page(row(1.0, server="web-1"), row(2.0, server="web-2"))
    pages(hub, "/metrics/history", both)
    with Client(hub.url, "t") as client:
        rows = client.metrics.histories("web-*", ["*"], until=0.0)
        assert [(one.server, one.value) for one in rows] == [("web-1", 1.0), ("web-2", 2.0)]
    assert hub.asked[0].query["target"] == ["web-*"]
    assert hub.asked[0].query["until"] == ["1970-01-01T00:00:00.000Z"]


def test_a_step_that_changes_on_the_way_is_no_silence(hub: FakeHub) -> None:
    fine, coarse = page(row(1.0)), page(row(2.0)) | {"step": 60.0}
    pages(hub, "/metrics/web-1/history", fine, coarse)
    with Client(hub.url, "t") as client:
        rows = client.metrics.history("web-1")
        assert next(rows).value == 1.0
        with pytest.raises(ChatOpsError, match="no longer kept as raw samples") as raised:
            next(rows)
    assert raised.value.hint == "ask for steps of 1m, or begin later"


def test_errors_come_with_the_first_row_or_step(hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1/history", error(404, "not_found", "no server"))
    with Client(hub.url, "t") as client:
        rows = client.metrics.history("web-1")
        with pytest.raises(NotFound):
            _ = rows.step
        with pytest.raises(NotFound):
            next(rows)
