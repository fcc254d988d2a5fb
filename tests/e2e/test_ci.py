"""``wait``, ``alerts watch`` and ``thresholds test`` as CI runs them: on one hub, another that is
killed, and with agents that measure what a test chose."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.processes import Bench, Program, bench
from tests.support.sampling import SamplingAgent, sampling_agent
from tests.support.waiting import until

LONG = "60s"
"""One that is never met unless something is wrong."""


class Place:
    """The bench, its hub, and the agent of ``web-1``; ``web-2`` has none."""

    def __init__(self, where: Bench) -> None:
        self.where = where
        self.hub = where.start_hub()
        where.login()
        self.key = where.add_server("web-1")
        where.add_server("web-2")
        self.agent: SamplingAgent

    def run(self, *words: str) -> Any:
        return self.where.run(*words)

    def restart(self) -> None:
        """Kill the hub, and start it on the same port and folder."""
        assert self.hub.stop(signal.SIGKILL) == -signal.SIGKILL
        port = self.where.url.rpartition(":")[2]
        folder = str(self.where.folder / "hub")
        self.hub = self.where.start("hub-again", "serve", "--port", port, "--data-dir", folder)
        self.hub.says(rb"^chatops hub ready at .+$")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all tests that end nothing of it."""
    with started(tmp_path_factory.mktemp("ci")) as made:
        yield made


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """It, quiet, with no rule of another test."""
    shared.agent.cpu(10.0)
    yield shared
    shared.run("thresholds", "rm", "hot", "--yes")


@contextmanager
def started(folder: Path) -> Iterator[Place]:
    with bench(folder) as where:
        made = Place(where)
        with sampling_agent(where.url, made.key) as made.agent:
            until(lambda: made.run("metrics", "show", "web-1").code == 0, what="a sample")
            yield made


def hot(place: Place) -> None:
    """The rule cpu > 90, which fires."""
    done = place.run(
        "thresholds", "set", "cpu", "gt", "90%", "--for", "0s", "--name", "hot", "--severity",
        "critical",
    )  # fmt: skip
    assert done.code == 0, done.err
    place.agent.cpu(99.0)
    until(lambda: place.run("alerts", "list", "-q").out, what="the alert")


def ended(program: Program) -> int:
    return program.process.wait(60)


def test_what_is_true_is_exit_0(place: Place) -> None:
    conditions = ("--online", "--metric", "cpu<50%", "--metric", "memory.available > 10B")
    done = place.run("wait", "web-1", *conditions, "--no-alerts", "--for", "0.5s",
                     "--timeout", LONG, "-o", "json")  # fmt: skip
    assert done.code == 0, done.err
    (state,) = done.json()
    assert (state["server"], state["met"], state["status"]) == ("web-1", True, "online")
    assert [one["value"] for one in state["conditions"]] == ["online", 10.0, 60, 0.0]
    assert done.err == ""


def test_what_is_not_is_124_and_names_servers_and_values(place: Place) -> None:
    done = place.run("wait", "web-*", "--online", "--metric", "cpu>50", "--timeout", "2s")
    assert (done.code, done.out) == (124, "")
    assert done.err == ("error: not true in time: web-1 (cpu is 10.0%), web-2 (never connected)\n")
    done = place.run("wait", "web-1", "--metric", "cpu>50", "--timeout", "2s", "-o", "json")
    assert (done.code, done.json()[0]["met"]) == (124, False)
    assert msgspec.json.decode(done.stderr)["error"]["code"] == "timed_out"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("web-1",), 2),
        (("web-1", "--metric", "cpu=5"), 2),
        (("web-1", "--online", "--for", "3s"), 2),
        (("web-1", "--container", "web=good"), 2),
        (("web-1", "--online", "--timeout", "soon"), 2),
        (("nope", "--online"), 4),
        (("db-*", "--online"), 4),
        (("web-1", "--online", "--hub", "http://127.0.0.1:1", "--token", "x"), 7),
    ],
)
def test_what_cannot_be_waited_for(place: Place, words: tuple[str, ...], code: int) -> None:
    done = place.run("wait", *words)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")


def test_where_an_engine_cannot_be_asked_the_error_says_why(place: Place) -> None:
    """With a real engine: test_cli_containers."""
    for wanted in ("web=healthy", "web=gone"):
        done = place.run("wait", "web-1", "--container", wanted, "--timeout", "2s")
        assert (done.code, "true on" in done.err) == (124, False)
        assert "web-1 (" in done.err


@pytest.mark.timeout(120)
def test_an_agent_that_comes_and_a_hub_that_is_killed_are_waited_for(tmp_path: Path) -> None:
    with started(tmp_path) as place:
        place.agent.connected = False
        until(lambda: "offline" in place.run("servers", "list", "-o", "csv").out)
        done = place.run("wait", "web-1", "--metric", "cpu<50", "--timeout", "1.5s")
        assert (done.code, "web-1 (offline)" in done.err) == (124, True)
        coming = place.where.start("coming", "wait", "web-1", "--online", "--timeout", LONG)
        place.agent.connected = True
        assert ended(coming) == 0
        hot(place)
        asked = ("--no-alerts", "--metric", "cpu<50", "--timeout", LONG)
        waiting = place.where.start("waiting", "wait", "web-1", *asked)
        until(lambda: subscribers(place) == 1)
        watching = place.where.start("watching", "alerts", "watch", "--until-clear", "-o", "ndjson")
        watching.says(rb'"state":"firing"')
        place.restart()
        assert waiting.process.poll() is None
        assert watching.process.poll() is None
        place.agent.cpu(10.0)
        assert ended(waiting) == 0
        assert b"the connection to the hub is lost" in waiting.said
        assert ended(watching) == 0
    lines = [one for one in watching.said.splitlines() if one.startswith(b"{")]
    events = [msgspec.json.decode(line) for line in lines]
    assert len({one["id"] for one in events}) == 1
    assert events[0]["state"] == "firing"
    assert (events[-1]["state"], events[-1]["resolved_reason"]) == ("resolved", "cleared")


def subscribers(place: Place) -> int:
    """Sockets of clients that watch something."""
    text = place.run("metrics", "scrape").out
    found = re.search(r"^chatops_subscribers(?:{.*})? (\d+)", text, re.MULTILINE)
    assert found is not None, text
    return int(found[1])


def test_alerts_are_watched_until_ctrl_c(place: Place) -> None:
    assert place.run("alerts", "watch", "--until-clear").code == 0
    hot(place)
    assert place.run("alerts", "watch", "--until-clear", "--severity", "info").code == 0
    assert place.run("alerts", "watch", "-o", "json").code == 2
    assert place.run("alerts", "watch", "--server", "nope").code == 4
    watching = place.where.start("watch", "alerts", "watch", "--server", "web-1")
    watching.says(rb"web-1 +critical +firing +hot ")
    place.agent.cpu(10.0)
    watching.says(rb"web-1 +critical +resolved +hot ")
    assert watching.stop(signal.SIGINT) == 130


def test_a_rule_is_tried_on_the_past(place: Place) -> None:
    begin = ("thresholds", "test", "cpu", "gt", "90%", "--for", "0s")
    before = place.run(*begin, "-o", "json").json()
    hot(place)
    rows = {one["server"]: one for one in place.run(*begin, "-o", "json").json()}
    assert rows["web-1"]["firing"]
    assert rows["web-1"]["fired"] == before[0]["fired"] + 1
    assert (rows["web-2"]["values"], rows["web-2"]["fired"]) == (0, 0)
    done = place.run("thresholds", "test", "hot", "--target", "web-1", "--for", "1h")
    assert (done.code, "would have fired 0 times" in done.err) == (0, True)
