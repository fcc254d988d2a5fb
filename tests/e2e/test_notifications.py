"""From a real load to a page at a real receiver: also when the hub is killed in between."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port
from tests.support.processes import Bench
from tests.support.receivers import Receiver, receiving
from tests.support.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "topics" / "notifications.md"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def ok(place: Bench, *words: str, stdin: str = "") -> Any:
    done = place.run(*words, "-o", "json", stdin=stdin)
    assert done.code == 0, done.err
    return done.json() if done.out else None


def log(place: Bench, name: str = "ops") -> list[tuple[str, bool | None]]:
    """What the attempts were about, and what came of them, the oldest first."""
    return [(one["event"], one["ok"]) for one in ok(place, "channels", "log", name)]


def test_a_page_survives_whatever_happens_to_hub_and_receiver(
    fleet: Bench, receiver: Receiver
) -> None:
    """The hub is killed while the receiver hangs, again while nobody listens, and a page that was
    answered does not come again."""
    hub, data = fleet.programs[0], fleet.folder / "hub"
    ok(fleet, "channels", "add", "first", receiver.url, "--target", "web-1")
    ok(fleet, "thresholds", "set", "processes", "gt", "1", "--for", "2s", "--name", "first")
    until(lambda: receiver.bodies("firing"), within=_soon(2.0), what="a page in time")
    ok(fleet, "thresholds", "set", "processes", "gt", "1000000", "--name", "first")
    until(lambda: receiver.bodies("resolved"), within=_soon(0.0), what="the end in time")
    ok(fleet, "channels", "rm", "first", "--yes")
    receiver.got.clear()
    receiver.taken.clear()
    receiver.manner = "hang"
    ok(fleet, "channels", "add", "ops", receiver.url, "--secret-stdin", stdin="s3cret\n")
    rule = ("memory", "gt", "1", "--for", "0s", "--severity", "critical", "--name", "full")
    ok(fleet, "thresholds", "set", *rule)
    until(lambda: receiver.got, what="the first attempt")
    hub.stop(signal.SIGKILL)
    receiver.manner = "500"
    hub = fleet.start_hub(data, *_port_of(fleet))
    until(lambda: len(receiver.got) > 1, what="an attempt of the next hub")
    hub.stop(signal.SIGKILL)
    receiver.manner = "ok"
    hub = fleet.start_hub(data, *_port_of(fleet))
    until(lambda: receiver.taken, what="the page")
    assert {got.headers["X-ChatOps-Id"] for got in receiver.got} == {receiver.taken[0].json["id"]}
    (alert,) = receiver.bodies("firing")[0]["alerts"]
    assert (alert["server"], alert["metric"]) == ("web-1", "memory")
    until(lambda: log(fleet)[-1] == ("firing", True), what="the record of it")
    attempts = log(fleet)
    assert attempts[0] == ("firing", None)
    assert len(attempts) == len(receiver.got)
    hub.stop(signal.SIGKILL)
    fleet.start_hub(data, *_port_of(fleet))
    ok(fleet, "thresholds", "disable", "full")
    until(lambda: receiver.bodies("resolved"), what="the end")
    assert [body["event"] for body in receiver.bodies()] == ["firing", "resolved"]
    assert receiver.bodies("resolved")[0]["alerts"][0]["resolved_reason"] == "rule disabled"


def _soon(lasting: float) -> float:
    """How long a page may take: what the condition must last, and two sample intervals."""
    return lasting + 2.0


def _port_of(place: Bench) -> list[str]:
    """The agent and the profile know the hub by its port."""
    return ["--port", place.url.rpartition(":")[2]]


def test_the_pages_receiver_checks_what_it_gets(shared: Bench) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    port = free_port()
    environ = {**os.environ, "HOOK_SECRET": "s3cret of the page", "HOOK_PORT": str(port)}
    hook = subprocess.Popen(
        [sys.executable, "-c", example], env=environ, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/"
        words = ("channels", "add", "page", "-", "--secret-stdin")
        ok(shared, *words, stdin=f"{url}\ns3cret of the page\n")
        test = ("channels", "test", "page")
        until(lambda: shared.run(*test).code == 0, what="the receiver")
        assert hook.stdout is not None
        assert hook.stdout.readline().split() == ["test"]
        ok(shared, "channels", "rm", "page", "--yes")
        ok(shared, *words, stdin=f"{url}\nanother one\n")
        done = shared.run(*test)
        assert (done.code, "401" in done.err) == (1, True)
    finally:
        hook.terminate()
        hook.communicate()
    done = shared.run(*test)
    assert (done.code, "cannot connect" in done.err) == (1, True)
    assert "s3cret" not in done.err + shared.run("channels", "list").out
    assert shared.run("channels", "rm", "page", "--yes").code == 0
