"""The Python client against a real hub, and its page's example as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from chatops.cli.profiles import Profiles
from chatops.client import Client
from chatops.client.commands import End, Output, Start, Taken
from chatops.client.stdin import Input
from chatops.errors import Conflict
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


def example(number: int) -> str:
    """One of the page's examples."""
    return str(re.findall(r" *```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[number])


def run_example(text: str, hub: str, token: str, folder: Path) -> list[str]:
    """What it prints."""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "CHATOPS_HUB": hub, "CHATOPS_TOKEN": token}, cwd=folder,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_pages_example_runs(shared: Bench, token: str, tmp_path: Path) -> None:
    printed = run_example(example(0), shared.url, token, tmp_path)
    assert printed[-3:] == ["stdout b'Linux\\n'", "succeeded 0", "not_found"]


def test_the_example_of_a_copy_runs(hub: Bench, tmp_path: Path) -> None:
    hub.start_agent("web-1", hub.add_server("web-1"), "--allow", "exec,files")
    (tmp_path / "app.conf").write_bytes(b"listen 80\n")
    (tmp_path / "app").mkdir()
    (profile,) = Profiles(hub.folder / "config").read().profiles.values()
    assert profile.token is not None
    text = textwrap.dedent(example(1)).replace("/etc/app/", f"{tmp_path}/app/")
    (line,) = run_example(text, hub.url, profile.token, tmp_path)
    assert line.startswith("10 ")
    assert (tmp_path / "app" / "app.conf").read_bytes() == b"listen 80\n"


def test_the_three_ways_to_run(client: Client) -> None:
    (result,) = client.commands.run("web-1", "echo out; exit 3")
    assert (result.stdout, result.exit_code) == ("out\n", 3)
    events = list(client.commands.stream("web-1", "echo out; echo err >&2", env={"A": "b"}))
    assert isinstance(events[0], Taken)
    assert isinstance(events[1], Start)
    assert (events[0].servers, events[1].run_id) == (1, events[0].run_id)
    assert isinstance(events[-1], End)
    assert (events[-1].stdout_bytes, events[-1].stderr_bytes) == (4, 4)
    written = {event.stream: event.data for event in events if isinstance(event, Output)}
    assert written == {"stdout": b"out\n", "stderr": b"err\n"}
    started = client.commands.detach("web-1", ["true"])
    assert client.commands.get(started.commands[0].id).run_id == started.run_id
    assert {one.id for one in client.commands.list(server="web-1", limit=100)} >= {
        result.command_id, started.commands[0].id,
    }  # fmt: skip


def test_leaving_a_stream_early_leaves_the_client_usable(client: Client) -> None:
    stream = client.commands.stream("web-1", "sleep 60")
    taken = next(stream)
    assert isinstance(taken, Taken)
    stream.close()
    assert client.auth.me().name == "admin"
    assert client.runs.cancel(taken.run_id).id == taken.run_id
    attached = list(client.commands.attach(taken.run_id))
    assert attached[0] == taken
    assert isinstance(attached[-1], End)
    assert attached[-1].result.status == "cancelled"


def test_a_run_is_planned_and_fed(client: Client) -> None:
    plan = client.commands.plan("web-*", "true")
    assert [one.server for one in plan.servers] == ["web-1"]
    data = b"\x00\xff" * 300_000
    with TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        events = list(client.commands.feed("web-1", ["wc", "-c"], Input(file.fileno())))
    assert b"".join(one.data for one in events if isinstance(one, Output)) == b"600000\n"
    with pytest.raises(Conflict):
        client.commands.run("web-1", "true", expect_count=2)


def test_live_samples(client: Client) -> None:
    samples = client.metrics.watch("web-1")
    first, second = next(samples), next(samples)
    samples.close()
    assert first.ts < second.ts
