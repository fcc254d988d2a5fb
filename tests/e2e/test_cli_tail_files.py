"""``chatops tail`` of files and units that no agent ships, as a user has it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.journal import RealJournal, real_journal
from tests.support.processes import Bench, Program
from tests.support.waiting import until

POLICY = """
[policy]
allow = ["files"]

[policy.files]
folders = ["{folder}"]
units = ["shop\\\\.service"]
"""


@pytest.fixture(scope="module")
def journal() -> Iterator[RealJournal]:
    with real_journal() as made:
        yield made


@pytest.fixture
def logs(hub: Bench) -> Path:
    """The one folder in which files may be read, and the agents' configuration that says so."""
    folder = hub.folder / "logs"
    folder.mkdir()
    (hub.folder / "agent.toml").write_text(POLICY.format(folder=folder))
    (hub.folder / "agent.toml").chmod(0o600)
    return folder


def start_agent(hub: Bench, key: str, **environ: str) -> Program:
    return hub.start_agent("web-1", key, "--config", str(hub.folder / "agent.toml"), **environ)


def test_a_followed_file_is_whole_though_it_is_rotated_and_both_ends_are_killed(
    hub: Bench, logs: Path
) -> None:
    key, path, written = hub.add_server("web-1"), logs / "app.log", list[str]()
    agent = start_agent(hub, key)
    path.write_text("before\n")

    def write(count: int) -> None:
        lines = [f"line {len(written) + one}" for one in range(count)]
        written.extend(lines)
        with path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def rotate() -> None:
        for number in range(3, 0, -1):
            if (old := logs / f"app.log.{number}").exists():
                old.rename(logs / f"app.log.{number + 1}")
        path.rename(logs / "app.log.1")

    def shown() -> list[str]:
        return [line for line in tail.said.decode().splitlines() if line.startswith("line ")]

    tail = hub.start("tail", "tail", f"web-1:{path}", "-n", "1", "-f", "--grep", "^(line|before)")
    tail.says(rb"^before$")
    write(1000)
    until(lambda: shown() == written, what="the first lines")
    rotate()
    write(1000)
    agent.stop(signal.SIGKILL)
    write(1000)
    rotate()
    write(1000)
    agent = start_agent(hub, key)
    until(lambda: shown() == written, what="those of the agent's absence")
    hub.programs[0].stop(signal.SIGKILL)
    write(1000)
    rotate()
    write(1000)
    hub.start_hub(None, "--port", hub.url.rpartition(":")[2])
    until(lambda: shown() == written, what="those of the hub's absence")
    said = tail.said.decode()
    assert "trying again for 60 s" in said
    assert "it is back" in said
    assert "is another file from here on" in said
    assert "unread" not in said
    tail.send(signal.SIGINT)
    assert tail.process.wait(15) == 130


def ships_and_reads_nothing(hub: Bench, log: Path) -> None:
    """An agent that may not read a file for the hub, and ships it: its stored lines are shown."""
    hub.start_agent("web-3", hub.add_server("web-3"), "--log", f"{log}@start")
    tail = hub.run("tail", f"web-3:{log}.1")
    assert (tail.code, tail.stdout) == (5, b"")

    def stored() -> bool:
        found = hub.run("tail", f"web-3:{log}", "--grep", "one|two")
        return found.out.splitlines() == [
            "2026-11-25T10:00:00Z ERROR one", "\\x1b[2Jtwo [bold]\N{REPLACEMENT CHARACTER}\\x00",
        ] and "its agent shipped" in found.err  # fmt: skip

    until(stored, what="the shipped lines")


def test_files_and_units_are_shown_as_other_logs_are(
    hub: Bench, logs: Path, journal: RealJournal
) -> None:
    start_agent(hub, hub.add_server("web-1"), PATH=journal.path)
    hub.add_server("web-2")
    odd = logs / "odd.log"
    long = b"x" * 10_000_000
    odd.write_bytes(
        b"2026-11-25T10:00:00Z ERROR one\n\x1b[2Jtwo [bold]\xff\0\n" + long + b"\nno end"
    )
    os.mkfifo(logs / "pipe")
    tail = hub.run("tail", f"web-1:{odd}", "-n", "3")
    first, second, third = tail.stdout.split(b"\n", 2)
    assert (tail.code, tail.stderr) == (0, b"")
    assert first == rb"\x1b[2Jtwo [bold]\xff\x00"
    assert (second, third) == (long, b"no end\n")
    raw = hub.run("tail", f"web-1:{odd}", "-n", "4", "--raw")
    assert raw.stdout == odd.read_bytes()
    one = hub.run("tail", f"web-1:{odd}", "--level", "error", "-o", "json")
    assert one.json() == [{
        "server": "web-1", "ts": "2026-11-25T10:00:00.000Z", "level": "error",
        "source": str(odd), "message": "2026-11-25T10:00:00Z ERROR one",
    }]  # fmt: skip
    above = hub.run("tail", f"web-1:{odd}", "-n", "1", "--grep", "^2026")
    assert (above.out, above.err) == ("2026-11-25T10:00:00Z ERROR one\n", "")
    several = hub.run("tail", f"web-*:{odd}", "--grep", "two|end")
    assert several.out.splitlines() == [
        r"web-1 | \x1b[2Jtwo [bold]\xff\x00", "web-1 | no end"
    ]  # fmt: skip
    assert several.code == 1
    assert "web-2 is offline" in several.err
    for words, code, why in (
        ((f"web-1:{logs}/pipe",), 2, "it is a pipe"),
        ((f"web-1:{logs}/nothing",), 4, "there is no such file"),
        ((f"web-1:{logs}/../agent.toml",), 5, "files.folders does not hold it"),
        (("web-1", "--unit", "ssh"), 5, "files.units does not name ssh.service"),
        (("web-1", "--unit", "-f"), 2, "no name of a unit"),
        ((f"web-9:{odd}",), 4, "no server 'web-9'"),
    ):
        refused = hub.run("tail", *words)
        assert (refused.code, refused.stdout) == (code, b""), words
        assert why in refused.err
    ships_and_reads_nothing(hub, odd)
    journal.write(b"one", b"two \x1b[31m", unit="shop.service", PRIORITY="4")
    journal.write(b"of another", unit="other.service")
    unit = hub.run("tail", "web-1", "--unit", "shop")
    assert unit.out.splitlines() == ["one", r"two \x1b[31m"]
    (entry,) = hub.run("tail", "web-1", "--unit", "shop", "-n", "1", "-o", "json").json()
    assert (entry["level"], entry["source"]) == ("warning", "unit:shop.service")
    follow = hub.start("follow", "tail", "web-1", "--unit", "shop", "-f", "-n", "1")
    follow.says(rb"^two")
    journal.write(b"three", unit="shop.service")
    follow.says(rb"^three$")
    looked = hub.start("looked", "tail", "web-1", "--unit", "shop", "-f", "-n", "1", "--grep", "o")
    looked.says(rb"^two")
    journal.write(b"no", unit="shop.service")
    looked.says(rb"^no$")
    assert b"three" not in looked.said
    hub.programs[1].stop(signal.SIGKILL)
    until(lambda: journal.readers() == [], what="the end of journalctl")
