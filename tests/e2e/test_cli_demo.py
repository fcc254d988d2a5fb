"""``chatops demo``: up, usable from elsewhere without any set-up, and gone without a trace."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatops.client import Client
from tests.support.processes import Bench, Program
from tests.support.waiting import until


@contextmanager
def demo(place: Bench, **environ: str) -> Iterator[tuple[Program, str]]:
    """A demo that is ready, and the name of its server."""
    temporary = place.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    program = place.start("demo", "demo", TMPDIR=str(temporary), **environ)
    name = program.says(rb"exec (?:--profile demo )?(\S+) uptime", within=60)[1].decode()
    yield program, name


def leftovers(place: Bench) -> list[Path]:
    return list((place.folder / "tmp").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_works_from_a_second_terminal_and_leaves_nothing(
    place: Bench, number: signal.Signals
) -> None:
    with demo(place) as (program, name):
        assert b"memory" in program.said
        done = place.run("exec", name, "echo", "hello")
        assert done == (0, b"hello\n", b"")
        assert place.run("metrics", "show", name, "-o", "json").json()["cpu"]["percent"] >= 0
        told = program.says(rb"browser: (\S+), as admin with the password (\S+)")
        with Client(told[1].decode()) as client:
            client.auth.login("admin", told[2].decode())
        (folder,) = leftovers(place)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert program.stop(number) == 0
    assert leftovers(place) == []
    assert place.alive() == []
    assert place.run("profiles", "list", "-q").out == ""


def test_it_does_not_take_the_place_of_an_active_profile(hub: Bench) -> None:
    (active,) = hub.run("profiles", "list", "-q").out.split()
    with demo(hub) as (program, name):
        assert b"exec --profile demo " in program.said
        assert hub.run("exec", "--profile", "demo", name, "true").code == 0
        assert hub.run("servers", "list", "-q").out == ""  # of the other hub
        second = hub.run("demo")
        assert second.code == 6
        assert "running already" in second.err
        program.stop()
    assert hub.run("profiles", "list", "-q").out.split() == [active]


def test_it_ends_when_its_hub_dies(place: Bench) -> None:
    with demo(place) as (program, _):
        (hub,) = [
            pid for pid in place.alive()
            if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ]  # fmt: skip
        os.kill(hub, signal.SIGKILL)
        assert program.process.wait(30) == 1
        assert re.search(rb"^error: the hub of the demo ended", program.said, re.MULTILINE)
    assert leftovers(place) == []
    assert place.run("profiles", "list", "-q").out == ""


def test_what_a_killed_demo_left_does_not_stop_the_next(place: Bench) -> None:
    with demo(place) as (program, _):
        program.stop(signal.SIGKILL)
        for pid in place.alive():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not place.alive(), what="the end of the orphans")
    program.log.unlink()
    with demo(place) as (program, name):
        assert place.run("exec", name, "true").code == 0


def test_a_start_that_fails_is_said_and_cleaned(place: Bench) -> None:
    temporary = place.folder / "tmp"
    temporary.mkdir()
    done = place.run("demo", TMPDIR=str(temporary), CHATOPS_SERVE_INTERVAL="nonsense")
    assert done.code == 1
    assert "error: the hub of the demo ended with status 2" in done.err
    assert "nonsense" in done.err
    assert list(temporary.iterdir()) == []
    assert place.run("profiles", "list", "-q").out == ""
