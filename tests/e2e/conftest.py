"""The programs as a user has them: a hub, an agent, and the command line, as processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.processes import Bench, bench
from tests.support.waiting import until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Bench]:
    """Where processes can be started; all of them are gone afterwards."""
    with bench(tmp_path) as made:
        yield made


@pytest.fixture
def hub(place: Bench) -> Bench:
    """The same with a hub, signed in as its admin."""
    place.start_hub()
    place.login()
    return place


@pytest.fixture
def fleet(hub: Bench) -> Bench:
    """The same with an agent ``web-1`` that allows exec and has sent a sample."""
    return with_agent(hub)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Such a fleet for all tests that neither stop nor change anything of it."""
    with bench(tmp_path_factory.mktemp("shared")) as made:
        made.start_hub()
        made.login()
        yield with_agent(made)


def with_agent(hub: Bench) -> Bench:
    """The bench with an agent that has sent a sample."""
    hub.start_agent("web-1", hub.add_server("web-1"), "--allow", "exec")
    until(lambda: hub.run("metrics", "show", "web-1").code == 0, what="a sample of web-1")
    return hub


@pytest.fixture
def closed_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    return free_port()
