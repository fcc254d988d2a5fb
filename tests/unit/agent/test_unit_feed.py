"""The journal of a unit as the source of a feed: a real journalctl over a real journal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest

from chatops.agent.feeds import Feed, FeedError
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.unit_feed import read_unit, whole_name
from chatops.protocol.log_feeds import UnitArgs, UnitEntry
from tests.support.journal import RealJournal, real_journal
from tests.support.taker import Taker, Taking
from tests.support.waiting import until

UNIT = "shop.service"


@pytest.fixture(scope="module")
def shared_journal() -> Iterator[RealJournal]:
    with real_journal() as made:
        yield made


@pytest.fixture
def journal(shared_journal: RealJournal, monkeypatch: pytest.MonkeyPatch) -> RealJournal:
    shared_journal.forget()
    monkeypatch.setenv("PATH", shared_journal.path)
    return shared_journal


def entries(taker: Taker) -> list[UnitEntry]:
    return [msgspec.json.decode(line, type=UnitEntry) for line in taker.data.splitlines()]


def texts(taker: Taker) -> list[str]:
    return [one.message for one in entries(taker)]


def read(args: UnitArgs) -> Taker:
    taker = Taker()
    read_unit(FilesPolicy(), args, cast("Feed", taker))
    return taker


def test_only_names_of_one_unit_are_taken() -> None:
    assert whole_name("nginx") == whole_name("nginx.service") == "nginx.service"
    assert whole_name("getty@tty1") == "getty@tty1.service"
    assert whole_name("docker.socket") == "docker.socket"
    assert whole_name("a.b") == "a.b.service"
    for wrong in ("", "-f", "--file=/etc/shadow", "a b", "*", "a*", "a/b", "é", "a\n", "x" * 256):
        with pytest.raises(FeedError):
            whole_name(wrong)


def test_the_last_entries_are_read_and_gone_on_with(journal: RealJournal) -> None:
    journal.write(b"one", b"two", b"\xff three\n\x1b[31m", unit=UNIT, PRIORITY="3")
    journal.write(b"of another", unit="other.service")
    last = read(UnitArgs(unit="shop", lines=2))
    assert last.began.name == UNIT
    assert [(one.message, one.level, one.missing) for one in entries(last)] == [
        ("two", "error", False), ("\N{REPLACEMENT CHARACTER} three\n\x1b[31m", "error", False),
    ]  # fmt: skip
    assert texts(read(UnitArgs(unit="shop", lines=0))) == []
    assert texts(read(UnitArgs(unit="nothing"))) == []
    cursor = entries(last)[0].cursor
    assert texts(read(UnitArgs(unit="shop", after=cursor)))[0].endswith("\x1b[31m")
    journal.forget()
    journal.write(b"later", unit=UNIT)
    (later,) = entries(read(UnitArgs(unit="shop", after=cursor)))
    assert (later.message, later.missing) == ("later", True)


def test_entries_are_followed_from_the_end_and_journalctl_ends_with_its_feed(
    journal: RealJournal,
) -> None:
    journal.write(b"before", unit=UNIT)
    args = UnitArgs(unit="shop", lines=0, follow=True)
    with Taking(lambda feed: read_unit(FilesPolicy(), args, feed)) as taker:
        until(lambda: len(journal.readers()) == 1 and taker.began is not None, what="the reader")
        journal.write(b"x" * 10_000_000, b"after", unit=UNIT)
        until(lambda: texts(taker)[-1:] == ["after"], what="the entry")
        long, _ = texts(taker)
        assert long.startswith("xxxx")
        assert long.endswith("more bytes")
        assert len(long) < 17_000
    assert journal.readers() == []


def test_what_cannot_be_read_is_said(
    journal: RealJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    bounds = FilesPolicy(folders=("/var/log",))
    with pytest.raises(FeedError, match=r"it has no files\.units"):
        read_unit(bounds, UnitArgs(unit="shop"), cast("Feed", Taker()))
    with pytest.raises(FeedError, match="none of a journal"):
        read(UnitArgs(unit="shop", after="--file=/etc/shadow"))
    with pytest.raises(FeedError, match="journalctl ended"):
        read(UnitArgs(unit="shop", after="s=1"))
    program = Path(tmp_path) / "journalctl"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("journalctl")} -D {tmp_path} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(FeedError, match="this host keeps no journal"):
        read(UnitArgs(unit="shop", follow=True))
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FeedError, match="there is no journalctl"):
        read(UnitArgs(unit="shop"))
