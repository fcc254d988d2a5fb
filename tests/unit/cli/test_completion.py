"""Completion: names from the hub, quickly, or silently nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from chatops.cli import completion
from tests.support.fake_hub import FakeHub, Reply, fake_hub, page
from tests.support.samples import HOSTILE, sample, server
from tests.unit.cli.conftest import Invoke


@pytest.fixture
def names(hub: FakeHub, cli: Invoke, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    monkeypatch.setattr(completion, "WITHIN", 10.0)  # a busy machine changes no result here
    hub.on("GET /servers", page(server("web-1"), server("web-2"), server("db-1")))
    return hub


@pytest.mark.parametrize(
    ("typed", "found"),
    [("web", ["web-1", "web-2"]), ("", ["web-1", "web-2", "db-1"]), ("x", [])],
)
def test_servers(names: FakeHub, typed: str, found: list[str]) -> None:
    assert completion.complete_servers(typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("d", ["db-1"]),
        ("a", ["all"]),
        ("all,!w", ["all,!web-1", "all,!web-2"]),
        ("web-1,d", ["web-1,db-1"]),
    ],
)
def test_the_last_of_a_target(names: FakeHub, typed: str, found: list[str]) -> None:
    assert completion.complete_targets(typed) == found


HOSTILE_TO_SHELLS = (HOSTILE, "/\\$(touch x)", "/`touch x`", "/';touch x;'", "/*")


class Typed(NamedTuple):
    """What typer has read of the line so far."""

    params: dict[str, object]


def test_metrics_and_profiles_need_no_hub(nobody: Invoke) -> None:
    for params in ({}, {"target": "web-1", "metrics": None}):
        found = completion.complete_metrics(Typed(params), "load")
        assert found == ["load1", "load5", "load15"]
    assert completion.complete_profiles("") == []


@pytest.mark.parametrize(
    ("before", "typed", "found"),
    [
        ([], "disk.f", ["disk.free", "disk.free:/", "disk.free:/var"]),
        (["cpu"], "disk:/v", ["disk:/var"]),
        (["cpu", "disk", ":"], "/v", ["/var"]),
        (["disk"], ":", ["/", "/var"]),
        ([], "net.rx:", ["net.rx:lo"]),
        ([], "temp:", []),
    ],
)
def test_instances_that_a_server_has(
    names: FakeHub, before: list[str], typed: str, found: list[str]
) -> None:
    disks = [{"mount": mount} for mount in ("/", "/var", "/a b", *HOSTILE_TO_SHELLS)]
    names.on("GET /metrics/web-1", sample(disks=disks))
    typed_before = Typed({"target": "web-1", "metrics": before})
    assert completion.complete_metrics(typed_before, typed) == found


@pytest.mark.parametrize("reply", [Reply(500, raw=b"no"), Reply(200, {"x": 1})])
def test_a_broken_hub_gives_nothing(names: FakeHub, reply: Reply) -> None:
    names.on("GET /servers", reply)
    assert completion.complete_servers("") == []


def test_nobody_signed_in_gives_nothing(nobody: Invoke) -> None:
    assert completion.complete_servers("") == []


def test_damaged_profiles_give_nothing(nobody: Invoke, config: Path) -> None:
    config.mkdir()
    (config / "profiles.json").write_text("{")
    assert completion.complete_servers("") == completion.complete_profiles("") == []


def test_a_hub_that_hangs_is_not_waited_for(cli: Invoke, hub: FakeHub) -> None:
    go_on = threading.Event()

    def hang(_: object) -> Reply:
        go_on.wait(10)
        return Reply(body=page(server()))

    hub.on("GET /servers", hang)
    began = time.monotonic()
    found = completion.complete_servers("")
    took = time.monotonic() - began
    go_on.set()
    assert found == []
    assert took < 0.3


def complete(shell: str, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    words = line.split(" ")
    given = {
        **os.environ, "_CHATOPS_COMPLETE": f"complete_{shell}", "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1), "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args", **environ,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "chatops.cli"], env=given, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_commands_options_and_values(shell: str) -> None:
    for line, expected in [
        ("chatops serv", "servers"),
        ("chatops servers re", "rename"),
        ("chatops servers list --stat", "--status"),
        ("chatops servers list --status of", "offline"),
        ("chatops serve --registration op", "open"),
        ("chatops metrics history web-1 disk.f", "disk.free"),
    ]:
        done = complete(shell, line)
        assert expected in done.stdout, (line, done)
        assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_what_the_hub_knows(shell: str) -> None:
    with fake_hub() as hub:
        hub.on("GET /servers", page(server("web-1")))
        hub.on("GET /metrics/web-1", sample())
        environ = {"CHATOPS_HUB": hub.url, "CHATOPS_TOKEN": "t"}

        def seen(line: str, word: str) -> bool:
            return word in complete(shell, line, **environ).stdout

        for line, word in [
            ("chatops exec we", "web-1"),
            ("chatops metrics history web-1 cpu net.rx", "lo"),
        ]:  # the time limit may strike on a busy machine
            assert any(seen(line, word) for _ in range(5)), line


def test_offline_nothing_is_said() -> None:
    environ = {"CHATOPS_HUB": "http://127.0.0.1:9", "CHATOPS_TOKEN": "t"}
    done = complete("bash", "chatops exec we", **environ)
    assert (done.stdout.strip(), done.stderr) == ("", "")
