"""The Python client against a real hub, and its page's example as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.cli.profiles import Profiles
from chatops.client import Client
from chatops.client.commands import End, Output, Start
from tests.support.processes import Bench

PAGE = Path(__file__).parents[2] / "docs" / "topics" / "python-client.md"


@pytest.fixture
def token(shared: Bench) -> str:
    (profile,) = Profiles(shared.folder / "config").read().profiles.values()
    assert profile.token is not None
    return profile.token


@pytest.fixture
def client(shared: Bench, token: str) -> Iterator[Client]:
    with Client(shared.url, token) as made:
        yield made


def test_the_pages_example_runs(shared: Bench, token: str) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "CHATOPS_HUB": shared.url, "CHATOPS_TOKEN": token},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[-3:] == [
        "stdout b'Linux\\n'", "succeeded 0", "not_found",
    ]  # fmt: skip


def test_the_three_ways_to_run(client: Client) -> None:
    (result,) = client.commands.run("web-1", "echo out; exit 3")
    assert (result.stdout, result.exit_code) == ("out\n", 3)
    events = list(client.commands.stream("web-1", "echo out; echo err >&2", env={"A": "b"}))
    assert isinstance(events[0], Start)
    assert isinstance(events[-1], End)
    written = {event.stream: event.data for event in events if isinstance(event, Output)}
    assert written == {"stdout": b"out\n", "stderr": b"err\n"}
    started = client.commands.detach("web-1", ["true"])
    assert client.commands.get(started.commands[0].id).run_id == started.run_id
    assert {one.id for one in client.commands.list(server="web-1", limit=100)} >= {
        result.command_id, started.commands[0].id,
    }  # fmt: skip


def test_leaving_a_stream_early_leaves_the_client_usable(client: Client) -> None:
    stream = client.commands.stream("web-1", "sleep 60")
    start = next(stream)
    assert isinstance(start, Start)
    stream.close()
    assert client.auth.me().name == "admin"
    client.commands.cancel(start.command_id)


def test_live_samples(client: Client) -> None:
    samples = client.metrics.watch("web-1")
    first, second = next(samples), next(samples)
    samples.close()
    assert first.ts < second.ts
