"""The Grafana dashboard asks for what the hub gives, and can be put before any Prometheus."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from chatops.server.services.prometheus.fleet import MEASURED, PREFIX, family_name
from tests.support.dashboard import dashboard, expressions, metrics, panels
from tests.support.hub import running_hub


async def test_every_metric_that_it_names_exists(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        answer = await hub.call("GET", "/metrics", prefix="")
    given: set[str] = set()
    for family in text_string_to_metric_families(answer.body.decode()):
        ending = "_total" if family.type == "counter" else ""
        given.add(family.name + ending)
    given |= {family_name(one) for one in MEASURED.values()}
    given |= {PREFIX + name for name in ("up", "info", "sample_timestamp_seconds")}
    assert len(metrics()) > 25
    assert metrics() <= given


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
