"""Alerts as a user meets them: a real load, a real hub and agent, and the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processes import Bench
from tests.support.receivers import Receiver, receiving
from tests.support.waiting import until

FOR = 2.0
INTERVAL = 1.0
SLACK = 3.0
"""Seconds for the load itself, and for asking."""
LOAD = 60


def alerts(place: Bench, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.run("alerts", "list", "-o", "json", *words).json()
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.mark.timeout(120)
def test_from_a_real_load_to_an_alert_and_back_with_the_hub_killed_between(
    place: Bench, receiver: Receiver
) -> None:
    """A page comes in time when a value is past the threshold, and when it clears."""
    folder = place.folder / "hub"
    hub = place.start_hub(folder)
    place.login()
    key = place.add_server("web-1")
    place.start_agent("web-1", key)
    until(lambda: place.run("metrics", "show", "web-1").code == 0)
    usual = place.run("metrics", "show", "web-1", "-o", "json").json()["process_count"]
    most = usual + LOAD // 2
    rule = [
        "processes",
        "gt",
        str(most),
        "--for",
        "2s",
        "--name",
        "crowd",
        "--severity",
        "critical",
    ]
    assert place.run("thresholds", "set", *rule).code == 0
    assert place.run("alerts", "list", "--fail-on", "critical").code == 0
    assert place.run("channels", "add", "ops", receiver.url, "--target", "web-1").code == 0
    sleeper = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    load = [subprocess.Popen(sleeper, stdin=subprocess.PIPE) for _ in range(LOAD)]
    try:
        began = time.monotonic()
        until(lambda: receiver.bodies("firing"))
        assert time.monotonic() - began < FOR + 2 * INTERVAL + SLACK
        (alert,) = alerts(place, "--state", "firing")
        assert [one["id"] for one in receiver.bodies("firing")[0]["alerts"]] == [alert["id"]]
        assert (alert["server"], alert["threshold_name"]) == ("web-1", "crowd")
        assert alert["value"] > most
        failed = place.run("alerts", "list", "--fail-on", "critical")
        assert failed.code == 1
        assert "firing: crowd on web-1" in failed.err
        assert hub.stop(signal.SIGKILL) == -signal.SIGKILL
        port = place.url.rpartition(":")[2]
        again = place.start("hub-2", "serve", "--port", port, "--data-dir", str(folder))
        again.says(rb"^chatops hub ready at .+$")
        assert [one["id"] for one in alerts(place)] == [alert["id"]]
        again.says(rb"agent connected", within=40)
    finally:
        for one in load:
            one.kill()
            one.wait()
            assert one.stdin is not None
            one.stdin.close()
    began = time.monotonic()
    until(lambda: receiver.bodies("resolved"))
    assert time.monotonic() - began < FOR + 2 * INTERVAL + SLACK
    (over,) = alerts(place, "--state", "resolved")
    assert [one["id"] for one in receiver.bodies("resolved")[0]["alerts"]] == [alert["id"]]
    assert len(receiver.bodies()) == 2, "and nothing came twice"
    assert (over["id"], over["resolved_reason"]) == (alert["id"], "cleared")
    assert alerts(place) == []
