"""``chatops thresholds test``: what is asked of the hub, what is shown."""

from __future__ import annotations

from typing import Any

from tests.support.fake_hub import FakeHub
from tests.support.samples import THEN
from tests.unit.cli.commands.test_alerts import rule
from tests.unit.cli.conftest import Invoke

LATER = "2026-01-01T00:03:00.000Z"
FIRING = {"fired_at": THEN, "resolved_at": LATER, "worst": 97.25}


def row(**fields: object) -> dict[str, Any]:
    return {
        "server": "web-1", "metric": "cpu", "instance": None, "values": 100, "fired": 1,
        "fired_s": 180.0, "longest_s": 180.0, "first_fired_at": THEN, "last_fired_at": THEN,
        "firing": False, "plain_fired": 7, "plain_s": 400.0, "firings": [FIRING],
    } | fields  # fmt: skip


def replay(*rows: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {
        "metric": "cpu", "op": "gt", "value": 90.0, "clear": 85.5, "for_s": 60.0, "target": "all",
        "since": THEN, "until": "2026-01-02T00:00:00.000Z", "step": None, "items": list(rows),
    } | fields  # fmt: skip


def test_a_condition_is_tried(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts/replay", replay(row()))
    words = ("cpu", ">", "90%", "--for", "1m", "--clear", "80", "--target", "web-*")
    done = cli("thresholds", "test", *words, "--since", "7d")
    assert done.code == 0
    assert done.out.splitlines()[0].split()[:5] == ["SERVER", "METRIC", "FIRED", "TOTAL", "LONGEST"]
    assert done.out.splitlines()[1].split()[:5] == ["web-1", "cpu", "1×", "3m", "3m"]
    assert "for 3m, at worst 97.2%" in done.err
    assert "would have fired 1 time since" in done.err
    assert "7 times without --for and --clear" in done.err
    assert "judged by the samples themselves" in done.err
    query = hub.asked[-1].query
    assert [query[name][0] for name in ("metric", "op", "value", "for_s", "clear", "target")] == [
        "cpu", "gt", "90.0", "60.0", "80.0", "web-*",
    ]  # fmt: skip
    assert cli("thresholds", "test", *words, "-o", "json").json() == [row()]
    assert cli("thresholds", "test", *words, "-q").out == "web-1 cpu\n"


def test_a_rule_is_tried_with_what_is_given_in_its_place(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts/thresholds/low", rule(name="low", metric="memory.available", op="lt"))
    hub.on("GET /alerts/replay", replay(row(firing=True), step=60.0))
    done = cli("thresholds", "test", "low", "--clear", "2GB")
    query = hub.asked[-1].query
    assert (query["threshold"], query["clear"]) == (["low"], ["2000000000.0"])
    assert {"metric", "op", "value", "for_s", "target"}.isdisjoint(query)
    assert "firing" in done.out
    assert "judged by the worst value of each 1m" in done.err


def test_nothing_to_judge_is_said(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts/replay", replay(row(values=0, fired=0, firings=[], last_fired_at=None)))
    assert "there is no history of it" in cli("thresholds", "test", "cpu", "gt", "90").err


def test_nonsense_is_refused_before_anybody_is_asked(cli: Invoke, hub: FakeHub) -> None:
    for words in (("cpu", "gt"), ("cpu", "over", "9"), ("cpu", "gt", "x"), ("hot", "--for", "-1s"),
                  ("hot", "--since", "soon"), ()):  # fmt: skip
        assert cli("thresholds", "test", *words).code == 2
    assert hub.asked == []
    done = cli("thresholds", "test", "hot", "--severity", "critical")
    assert "no such option: --severity" in done.err
