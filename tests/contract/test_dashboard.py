"""What the hub gives to Prometheus is what the Grafana dashboard asks for and the docs name; the
dashboard can be put before any Prometheus."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from chatops.server.services.prometheus.fleet import MEASURED, PREFIX, family_name
from tests.support.dashboard import dashboard, expressions, metrics, panels
from tests.support.hub import running_hub
from tests.support.source import ROOT

PAGE = ROOT / "docs" / "topics" / "prometheus.md"
EXAMPLES = {"chatops_server_", "chatops_server_disk_ratio"}


FLEET = {PREFIX + name for name in ("up", "info", "sample_timestamp_seconds", "agent_spool_bytes")}


async def of_hub(folder: Path) -> set[str]:
    """The families that a hub gives of itself."""
    async with running_hub(folder) as hub:
        answer = await hub.call("GET", "/metrics", prefix="")
    return {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(answer.body.decode())
    }


async def test_names_in_dashboard_and_docs_are_those_that_are_given(tmp_path: Path) -> None:
    hub = await of_hub(tmp_path / "hub")
    assert len(metrics()) > 25
    assert metrics() <= hub | FLEET | {family_name(one) for one in MEASURED.values()}
    ours = {name for name in hub if name.startswith("chatops_")}
    documented = set(re.findall(r"`(chatops_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert documented == ours | FLEET | EXAMPLES


def test_the_datasource_is_a_variable_everywhere() -> None:
    first, *others = dashboard()["templating"]["list"]
    assert (first["type"], first["name"], first["query"]) == (
        "datasource", "datasource", "prometheus",
    )  # fmt: skip
    places = [*others, *panels(), *(target for one in panels() for target in one["targets"])]
    want = {"type": "prometheus", "uid": "${datasource}"}
    assert [one["datasource"] for one in places] == [want] * len(places)


def test_no_variable_is_left_that_it_does_not_have() -> None:
    assert [one for one in expressions() if "$" in one] == []


def test_panels_have_ids_of_their_own_and_do_not_lie_on_one_another() -> None:
    every = dashboard()["panels"]
    assert len({one["id"] for one in every}) == len(every)
    taken: set[tuple[int, int]] = set()
    for place in (one["gridPos"] for one in every):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
