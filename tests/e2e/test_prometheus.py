"""A real Prometheus scrapes a real hub, as the docs say; and the dashboard asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dashboard import expressions
from tests.support.processes import Bench
from tests.support.prometheus import Prometheus, prometheus
from tests.support.waiting import until


@pytest.fixture(scope="module")
def server(shared: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    made = shared.run("tokens", "create", "prom", "--role", "viewer", "-o", "json")
    assert made.code == 0, made.err
    folder = tmp_path_factory.mktemp("prometheus") / "server"
    try:
        with prometheus(folder, shared.url.removeprefix("http://"), made.json()["token"]) as one:
            until(lambda: one.query("chatops_server_up"), within=30.0, what="a scrape")
            yield one
    finally:
        assert shared.run("tokens", "revoke", made.json()["id"], "--yes").code == 0


def test_the_documented_configuration_scrapes_a_hub(server: Prometheus, shared: Bench) -> None:
    assert server.value('up{job="chatops"}') == 1
    assert server.value('chatops_server_up{server="web-1"}') == 1
    memory = server.value('chatops_server_memory_ratio{server="web-1"}')
    assert memory is not None
    assert 0 < memory < 1
    shown = shared.run("metrics", "show", "web-1", "-o", "json").json()
    assert abs(memory - shown["memory"]["percent"] / 100) < 0.2
    assert server.value("chatops_agents_connected") == 1
    until(
        lambda: (server.value("rate(chatops_samples_stored_total{kind='live'}[20s])") or 0) > 0,
        what="a rate of samples",
    )


def test_every_panel_of_the_dashboard_is_an_expression_that_works(server: Prometheus) -> None:
    for expression in expressions():
        server.query(expression)
    answered = [one for one in expressions() if server.query(one)]
    assert len(answered) > len(expressions()) / 2


def test_the_command_line_prints_the_same(shared: Bench, tmp_path: Path) -> None:
    done = shared.run("metrics", "scrape", "--fleet")
    assert done.code == 0, done.err
    assert '\nchatops_server_up{server="web-1"} 1\n' in done.out
    assert "chatops_server_up" not in shared.run("metrics", "scrape").out
