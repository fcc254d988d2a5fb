"""A file as the source of a feed: every byte once, whatever becomes of the file and of the link."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chatops.agent import file_feed
from chatops.agent.feeds import Feed, FeedError
from chatops.agent.file_feed import last_lines, read_file
from chatops.agent.file_place import NoPlace, taken, told
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.logs.places import Place, Seen
from chatops.protocol.log_feeds import FileArgs, LogFeedBegin
from tests.support.taker import Taker, Taking
from tests.support.waiting import until


def read(path: Path, *, after: Taker | None = None, **args: Any) -> Taker:
    """All that there is, behind what another one took."""
    taker = Taker()
    if after is not None:
        args |= {"place": after.place[0], "skip": after.place[1]}
    policy = args.pop("policy", FilesPolicy())
    read_file(policy, FileArgs(path=str(path), **args), cast("Feed", taker))
    return taker


def following(path: Path, policy: FilesPolicy | None = None, **args: Any) -> Taking:
    """A file that is followed in a thread, as feeds are."""
    asked = FileArgs(path=str(path), follow=True, **args)
    return Taking(lambda feed: read_file(policy or FilesPolicy(), asked, feed))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_the_last_lines_are_sent_as_they_are(path: Path) -> None:
    path.write_bytes(b"one\ntwo\r\n\xff\0\x1b[31m\nno end")
    assert read(path).data == path.read_bytes()
    assert read(path, lines=2).data == b"\xff\0\x1b[31m\nno end"
    assert read(path, lines=0).data == b""
    assert read(path, lines=2).began == LogFeedBegin(name=str(path))
    assert read(path, lines=99).data == path.read_bytes()
    kernel = read(Path("/proc/self/status"))
    assert (kernel.data, "has no size" in (kernel.began.notice or "")) == (b"", True)


@given(
    st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"")), max_size=9),
    st.integers(0, 12),
    st.integers(1, 7),
)
def test_last_lines_are_found_wherever_blocks_end(
    lines: list[bytes], count: int, block: int
) -> None:
    data = b"\n".join(lines)
    wanted = b"".join(data.splitlines(keepends=True)[-count:] if count else [])
    if b"\r" in data or b"\v" in data or b"\f" in data or b"\x1c" in data:
        parts = data.split(b"\n")
        whole = [part + b"\n" for part in parts[:-1]] + [parts[-1]] * bool(parts[-1])
        wanted = b"".join(whole[-count:] if count else [])
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_feed, "_BLOCK", block)
        file.write(data)
        file.flush()
        begin = last_lines(file.fileno(), len(data), count, cast("Feed", Taker()))
        assert data[begin:] == wanted


def test_what_cannot_be_read_is_said(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    policy = FilesPolicy(folders=(str(path.parent / "other"),))
    for name, code, bounds in (
        (path, "not_found", FilesPolicy()),
        (path.with_name("pipe"), "invalid", FilesPolicy()),
        (path.parent, "invalid", FilesPolicy()),
        (Path("relative"), "invalid", FilesPolicy()),
        (Path("/etc/passwd"), "not_allowed", policy),
    ):
        with pytest.raises(FeedError) as caught:
            read(name, policy=bounds, follow=True)
        assert caught.value.code == code
    with pytest.raises(FeedError, match="none that this agent gave out"):
        read(path, place="nonsense", follow=True)


def test_files_of_the_kernel_that_have_no_size_give_nothing_away() -> None:
    assert read(Path("/proc/self/environ")).data == b""


def test_a_file_is_followed_over_rotation_and_back(path: Path) -> None:
    path.write_text("1\n2\n")
    with following(path, lines=1) as taker:
        until(lambda: taker.data == b"2\n")
        with path.open("a") as slow:
            path.rename(path.with_name("app.log.1"))
            slow.write("3\n")
            slow.flush()
            path.write_text("4\n")
            until(lambda: taker.data == b"2\n3\n4\n")
            slow.write("late\n")
            slow.flush()
            until(lambda: taker.data == b"2\n3\n4\nlate\n")
        with path.open("a") as file:
            file.write("5\n")
        until(lambda: taker.data == b"2\n3\n4\nlate\n5\n")
        assert taker.news == ["next"]
    assert read(path, after=taker).data == b""


def test_a_file_that_is_cut_or_goes_is_said_and_its_successor_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_feed, "GONE_FOR", 0.2)
    path.write_text("first of all\n")
    with following(path) as taker:
        until(lambda: taker.data == b"first of all\n")
        path.write_text("cut\n")
        until(lambda: taker.data.endswith(b"cut\n"))
        assert taker.news == ["next"]
        path.unlink()
        until(lambda: taker.news[1:] == ["gone"])
        assert taker.marks[-1].error == "there is no such file"
        path.write_text("here again\n")
        until(lambda: taker.data.endswith(b"here again\n"))
        assert taker.news == ["next", "gone", "next"]


def test_a_successor_that_lies_elsewhere_is_not_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_feed, "GONE_FOR", 0.2)
    secret = path.with_name("secret")
    secret.write_text("secret\n")
    folder = path.with_name("logs")
    folder.mkdir()
    inside = folder / "app.log"
    inside.write_text("1\n")
    with following(inside, FilesPolicy(folders=(str(folder),))) as taker:
        until(lambda: taker.data == b"1\n")
        inside.rename(folder / "app.log.1")
        inside.symlink_to(secret)
        until(lambda: taker.news == ["gone"])
        assert "files.folders does not hold it" in (taker.marks[-1].error or "")
    assert taker.data == b"1\n"


def test_a_place_is_none_but_of_an_agent() -> None:
    seen = Seen(places=[Place(id=str(number), device=1, inode=2) for number in range(20)], until=5)
    back = taken(told(seen, "3"), 7)
    assert [one.id for one in back.places] == ["3", *map(str, range(13, 20))]
    assert [one.offset for one in back.places] == [7, *[0] * 7]
    assert len(told(seen, "3")) < 4096
    for nonsense in ("", "x", "é", told(seen, "3")[:-8], "W10="):
        with pytest.raises(NoPlace):
            taken(nonsense, 0)
    seen.places[0].offset = -9
    with pytest.raises(NoPlace):
        taken(told(seen, "0"), 0)


class _Lives(RuleBasedStateMachine):
    """A log that is written, renamed, and copied and cut, while its reader begins again and again
    at the place that it had. What it has in the end is what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="chatops-feed-"))
        self.path = self.folder / "app.log"
        self.path.touch()
        self.written = self.got = b""
        self.taker = read(self.path, lines=0, follow=False)

    def teardown(self) -> None:
        self.read()
        shutil.rmtree(self.folder)
        assert self.got == self.written

    @rule(number=st.integers(0, 5), end=st.sampled_from(["\n", ""]))
    def write(self, number: int, end: str) -> None:
        for _ in range(number):
            text = f"{len(self.written)} {'x' * (len(self.written) % 300)}{end}".encode()
            self.written += text
            with self.path.open("ab") as file:
                file.write(text)

    @rule()
    def read(self) -> None:
        while True:
            self.taker = read(self.path, after=self.taker)
            self.got += self.taker.data
            assert self.written.startswith(self.got)
            if not self.taker.data:
                break
        assert self.written == self.got

    @rule()
    def read_a_part(self) -> None:
        """The link is lost in the middle."""
        before = self.taker.place
        lost = Taker()

        class Lost(Exception):
            pass

        keep = lost.write

        def write(name: str, data: bytes) -> None:
            if name == "stdout":
                keep(name, data[: len(data) // 2])
                raise Lost
            keep(name, data)

        lost.write = write  # type: ignore[method-assign]
        args = FileArgs(path=str(self.path), place=before[0], skip=before[1])
        with suppress(Lost):
            read_file(FilesPolicy(), args, cast("Feed", lost))
        self.got += lost.data
        self.taker = lost
        assert self.written.startswith(self.got)

    @precondition(lambda self: self.path.stat().st_size)
    @rule()
    def rename(self) -> None:
        self._shift()
        self.path.rename(self.folder / "app.log.1")
        self.path.touch()

    @precondition(lambda self: self.path.stat().st_size)
    @rule()
    def copy_and_cut(self) -> None:
        self._shift()
        shutil.copy2(self.path, self.folder / "app.log.1")
        os.truncate(self.path, 0)

    def _shift(self) -> None:
        """Make room for another one. Files' times tell which is older: no two are the same."""
        before, probe = self.path.stat().st_mtime_ns, self.folder / "probe"

        def ticked() -> bool:
            probe.touch()
            return probe.stat().st_mtime_ns > before

        until(ticked, what="a tick of the clock of files")
        probe.unlink()
        for number in range(20, 0, -1):
            old = self.folder / f"app.log.{number}"
            if old.exists():
                old.rename(self.folder / f"app.log.{number + 1}")


def test_no_byte_is_missing_and_none_comes_twice_whatever_happens() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        _Lives, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
