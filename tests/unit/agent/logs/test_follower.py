"""A log over all its files, on a real file system: nothing missing and nothing twice."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chatops.agent.logs.directory import is_older
from chatops.agent.logs.follower import AGAIN, LAST_WORDS, PIECE, TOGETHER, Entries, FileLog
from chatops.agent.logs.places import Seen


class Reader:
    """A follower, and what was read with it."""

    def __init__(self, path: Path, seen: Seen, **options: object) -> None:
        self.log = FileLog(path, seen, **options)  # type: ignore[arg-type]
        self.texts: list[str] = []
        self.unacked: list[tuple[str, int]] = []

    def read(self, now: float = 0.0) -> list[str]:
        """All that there is; the new part of it."""
        new = []
        quiet = 0
        while quiet < 2:  # a look that came to nothing is made again
            found = self.log.poll(now)
            quiet = 0 if found else quiet + 1
            if found:
                new += [line.text for line in found.lines]
                self.unacked.append((found.epoch, found.lines[-1].end))
        self.texts += new
        return new

    def ack(self) -> None:
        for epoch, end in self.unacked:
            self.log.acked(epoch, end)
        self.unacked.clear()

    def saved(self) -> Seen:
        """What is kept, as it comes back from the disk."""
        return kept(self.log)


def kept(log: FileLog) -> Seen:
    return msgspec.json.decode(msgspec.json.encode(log.seen), type=Seen)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    made = Reader(path, Seen(), start=True)
    yield made
    made.log.close()


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def long(number: int) -> str:
    return f"{number:06d} " + "x" * 100


def test_a_log_is_begun_at_its_end_unless_it_is_made_later(path: Path) -> None:
    write(path, "old")
    reader = Reader(path, Seen())
    assert reader.read() == []
    write(path, "new")
    assert reader.read() == ["new"]
    reader.log.close()
    later = Reader(path.with_name("later.log"), Seen())
    assert later.read() == []
    assert later.log.error == "no such file or directory"
    write(later.log.path, "first")
    assert later.read() == ["first"]
    later.log.close()


def test_the_last_part_of_a_line_waits_for_its_end(path: Path, reader: Reader) -> None:
    path.write_text("one\ntw")
    assert reader.read() == ["one"]
    write(path, "o")
    assert reader.read() == ["two"]


def test_a_renamed_file_is_read_to_its_end_first(path: Path, reader: Reader) -> None:
    write(path, "1")
    assert reader.read() == ["1"]
    with path.open("a") as slow:
        slow.write("2\n")
        slow.flush()
        path.rename(path.with_name("app.log.1"))
        write(path, "4")
        assert reader.read() == ["2", "4"]
        slow.write("3, by a writer that was slow to go\n")
        slow.flush()
        assert reader.read(now=1) == ["3, by a writer that was slow to go"]
        reader.ack()
        assert len(reader.log.seen.places) == 2
        reader.read(now=LAST_WORDS + 1)
        assert len(reader.log.seen.places) == 1


def test_a_line_without_an_end_goes_when_its_file_does(path: Path, reader: Reader) -> None:
    path.write_text("one\nunfinished")
    assert reader.read() == ["one"]
    path.rename(path.with_name("app.log.1"))
    write(path, "two")
    assert reader.read() == ["unfinished", "two"]


def test_a_file_that_is_cut_is_read_from_its_start(path: Path, reader: Reader) -> None:
    write(path, long(1), long(2))
    reader.read()
    path.write_text("")
    write(path, "3")
    assert reader.read() == ["3"]
    os.truncate(path, 0)
    write(path, long(4), long(5), long(6), long(7))  # longer than before
    assert reader.read() == [long(number) for number in (4, 5, 6, 7)]


def test_what_was_copied_before_the_cut_is_read_in_the_copy(path: Path, reader: Reader) -> None:
    write(path, long(1), long(2))
    reader.read()
    write(path, long(3))
    shutil.copyfile(path, path.with_name("app.log.1"))
    os.truncate(path, 0)
    write(path, long(4))
    assert reader.read() == [long(3), long(4)]
    assert reader.log.lost == 0


def test_what_was_written_since_a_place_was_told_is_no_touch(path: Path) -> None:
    write(path, long(1), long(2))
    reader = Reader(path, Seen(), start=True)
    reader.read()
    reader.ack()
    seen = reader.saved()
    reader.log.close()
    seen.places[0].read_at -= 1
    shutil.copyfile(path, path.with_name("app.log.1"))
    os.truncate(path, 0)
    write(path, "3")
    again = FileLog(path, seen)
    found = again.poll(0.0)
    again.close()
    assert found is not None
    assert [line.text for line in found.lines] == ["3"]


@pytest.mark.parametrize(
    "names", [("app.log.1", "app.log.2"), ("app-20261125.log", "app-20261124.log")]
)
def test_files_that_came_and_went_unseen_are_read(path: Path, names: tuple[str, str]) -> None:
    reader = Reader(path, Seen(), start=True)
    write(path, long(1))
    reader.read()
    reader.ack()
    seen = reader.saved()
    reader.log.close()
    write(path, long(2))
    path.rename(path.with_name(names[1]))
    write(path, long(3))
    path.rename(path.with_name(names[0]))
    write(path.with_name("app.log.other"), "not this one's")
    write(path, long(4))
    again = Reader(path, seen)
    assert again.read() == [long(2), long(3), long(4)]
    again.log.close()


def test_a_file_that_is_gone_unread_is_counted(path: Path) -> None:
    write(path, long(1))
    reader = Reader(path, Seen(), start=True)
    reader.read()
    seen = reader.saved()
    reader.log.close()
    path.unlink()
    write(path.with_name("new"), "other")
    path.with_name("new").rename(path)
    again = Reader(path, seen)
    assert again.read() == ["other"]
    assert again.log.lost == 1
    again.log.close()


def test_a_cut_after_all_was_read_is_no_loss(path: Path, reader: Reader) -> None:
    write(path, long(1), long(2))
    reader.read()
    path.write_text("")
    write(path, "3")
    assert reader.read() == ["3"]
    assert (reader.log.lost, reader.log.cut) == (0, 1)


def test_a_cut_before_all_was_read_is_a_loss(path: Path, reader: Reader) -> None:
    write(path, *map(long, range(PIECE // 50)))
    reader.log.poll(0.0)
    path.write_text("")
    write(path, "3")
    assert reader.read() == ["3"]
    assert (reader.log.lost, reader.log.cut) == (1, 0)


def test_a_line_without_an_end_goes_when_its_file_is_cut(path: Path, reader: Reader) -> None:
    path.write_text("one\nunfinished")
    assert reader.read() == ["one"]
    path.write_text("")
    write(path, "3")
    assert reader.read() == ["unfinished", "3"]
    assert (reader.log.lost, reader.log.cut) == (0, 1)


def test_what_was_not_acked_is_read_again(path: Path, reader: Reader) -> None:
    write(path, "1", "2")
    reader.read()
    reader.ack()
    write(path, "3")
    assert reader.read() == ["3"]
    reader.log.rewind()
    assert reader.read() == ["3"]


def test_an_inode_that_is_used_again_is_another_file(path: Path, reader: Reader) -> None:
    write(path, long(1))
    reader.read()
    reader.ack()
    seen = reader.saved()
    path.write_text("another file\n" * 30)  # the same inode, and longer
    again = Reader(path, seen)
    assert again.read()[0] == "another file"
    again.log.close()


def test_entries_of_several_lines(path: Path) -> None:
    reader = Reader(path, Seen(), start=True, entry=re.compile(r"^\S"))
    write(path, "one", "  more", "two")
    assert reader.read(now=0) == ["one\n  more"]
    assert reader.read(now=TOGETHER / 2) == []
    assert reader.read(now=TOGETHER) == ["two"]
    reader.log.close()


@pytest.mark.parametrize("kind", ["pipe", "folder", "denied"])
def test_what_is_no_log_says_why(path: Path, kind: str, reader: Reader) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path)  # a loop: even root cannot open it
    assert reader.read() == []
    assert reader.log.error
    path.rmdir() if kind == "folder" else path.unlink()
    write(path, "at last")
    assert reader.read() == ["at last"]
    assert reader.log.error is None


def test_names_of_older_files() -> None:
    log = Path("/var/log/app.log")
    older = (
        "app.log.1 app.log-20261125 app.log.2026-11-25T10:00 app.log.old app-2026-11-25.log"
        " app.2026-1.log app.1.log app-1764061200.log"
    )
    for name in older.split():
        assert is_older(log.with_name(name), log), name
    other = (
        "app.log app.log.gz app.log.1.gz app.log.lock app.log-errors other.log.1 app.log.1x"
        " app-1.log app_02.log"
    )
    for name in other.split():
        assert not is_older(log.with_name(name), log), name
    assert not is_older(Path("/elsewhere/app.log.1"), log)


class Rotations(RuleBasedStateMachine):
    """A writer that rotates as it likes, a follower that is killed at any moment, and a hub that
    drops what it has: in the end it has every line once, in order."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "app.log"
        self.clock = 10**18
        self.rotations = 0
        self.written: list[str] = []
        self.got: list[str] = []
        self.positions: dict[str, int] = {}
        self.unacked: list[tuple[str, int]] = []
        self.saved = Seen()
        self.part = ""
        self.log = FileLog(self.path, Seen())
        self.work(1)
        self.save()

    def tick(self) -> None:
        self.clock += 10**7
        if self.path.exists():
            os.utime(self.path, ns=(self.clock, self.clock))

    @rule(count=st.integers(1, 5))
    def write(self, count: int) -> None:
        lines = [long(len(self.written) + number) for number in range(count)]
        with self.path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines)[len(self.part) :])
        self.written += lines
        self.part = ""
        self.tick()

    @precondition(lambda self: not self.part)
    @rule(size=st.integers(7, 90))
    def write_a_part(self, size: int) -> None:
        self.part = long(len(self.written))[:size]
        with self.path.open("a") as file:
            file.write(self.part)
        self.tick()

    def shift(self) -> None:
        for number in range(self.rotations, 0, -1):
            (self.folder / f"app.log.{number}").rename(self.folder / f"app.log.{number + 1}")
        self.rotations += 1

    @precondition(lambda self: self.path.exists() and not self.part)
    @rule()
    def rename(self) -> None:
        self.shift()
        self.path.rename(self.folder / "app.log.1")

    @precondition(lambda self: self.path.exists() and not self.part)
    @rule()
    def copy_and_cut(self) -> None:
        self.shift()
        shutil.copy2(self.path, self.folder / "app.log.1")
        self.clock += 10**7
        os.truncate(self.path, 0)
        self.tick()

    @rule(times=st.integers(1, 4))
    def work(self, times: int) -> None:
        for _ in range(times):
            self.deliver(self.log.poll(self.clock / 1e9))

    def deliver(self, found: Entries | None) -> None:
        if found is None:
            return
        self.save()  # new places are kept before anything of them is sent
        last = self.positions.get(found.epoch, 0)
        self.got += [line.text for line in found.lines if line.end > last]
        self.positions[found.epoch] = max(last, found.lines[-1].end)
        self.unacked.append((found.epoch, found.lines[-1].end))

    @rule()
    def ack(self) -> None:
        for epoch, end in self.unacked:
            self.log.acked(epoch, end)
        self.unacked.clear()
        self.save()

    def save(self) -> None:
        self.saved = kept(self.log)

    @rule()
    def wait(self) -> None:
        self.clock += int(LAST_WORDS * 2e9)

    @rule()
    def kill(self) -> None:
        self.log.close()
        self.unacked.clear()
        self.log = FileLog(self.path, self.saved)

    @rule()
    def lose_the_hub(self) -> None:
        self.unacked.clear()
        self.log.rewind()

    @invariant()
    def in_order(self) -> None:
        if hasattr(self, "got"):
            assert self.got == self.written[: len(self.got)]

    def teardown(self) -> None:
        if hasattr(self, "log"):
            for _ in range(2 * len(self.written) + 10):
                self.clock += int(AGAIN * 1e9)
                self.work(1)
            self.in_order()
            assert len(self.got) == len(self.written)
            assert self.log.lost == 0
            self.log.close()
            shutil.rmtree(self.folder)


def test_every_line_once_however_it_is_rotated() -> None:
    run_state_machine_as_test(
        Rotations, settings=settings(stateful_step_count=30, max_examples=100)
    )
