"""What a hostile end of a copy may not have: endless work, descriptors, places of others."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from chatops.agent.copy_input import CopyInput, SilentError
from chatops.agent.kept_copies import KeptCopies
from chatops.client.copies import Download
from chatops.client.copy_progress import unwatched
from chatops.client.copy_window import Outgoing, Stopped, Window
from chatops.copying.receiving import Receiver
from chatops.copying.sending import HOLE, Source, note
from chatops.errors import ChatOpsError, Conflict, HubUnreachable, ProtocolError
from chatops.protocol.copies import MAX_SKIPPED, CopyBegin, CopyPlace, CopyReport, Entry, Skipped
from chatops.protocol.frames import StreamFrame, decode_frame
from chatops.protocol.messages import StreamCredit
from chatops.protocol.pack import pack_end, pack_entry, pack_file_end
from chatops.server.services import copies
from tests.support.waiting import until

ID = "0123456789abcdef"
HUGE = 1 << 62
ROOT = pack_entry(Entry([], "folder", 0o700, 0))


class _LeftError(Exception):
    pass


def receiver_of(folder: Path, name: bytes = b"x") -> Receiver:
    return Receiver(ID, os.open(folder, os.O_PATH | os.O_DIRECTORY), name, "x")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def leaving(after: int) -> object:
    calls = iter(range(after))

    def go_on() -> None:
        if next(calls, None) is None:
            raise _LeftError

    return go_on


def test_a_hole_is_hashed_only_while_somebody_waits_and_the_copy_can_go_on(tmp_path: Path) -> None:
    receiver = receiver_of(tmp_path)
    receiver.go_on = leaving(2)  # type: ignore[assignment]
    with pytest.raises(_LeftError):
        receiver.feed(pack_entry(Entry([], "file", 0o600, 7, size=HUGE)) + pack_file_end(bytes(32)))
    assert receiver.place == CopyPlace(None, [], HUGE, 7, 2 * HOLE)
    receiver.resume()
    receiver.feed(pack_entry(Entry([], "file", 0o600, 7, size=HUGE, start=2 * HOLE)))
    receiver.abandon()
    assert not list(tmp_path.iterdir())


def test_a_hole_cut_in_its_middle_has_the_right_digest_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "in").touch()
    os.truncate(tmp_path / "in", 3 * HOLE + 5)
    source = Source(os.open(tmp_path / "in", os.O_RDONLY), "in", recursive=False)
    receiver = receiver_of(tmp_path, b"out")
    receiver.go_on = leaving(2)  # type: ignore[assignment]
    chunk = b"".join(source.chunks())
    with pytest.raises(_LeftError):
        receiver.feed(chunk)
    receiver.go_on = lambda: None
    place = receiver.place
    receiver.resume()
    for chunk in source.chunks(place):
        receiver.feed(chunk)
    source.close()
    assert receiver.whole
    assert (tmp_path / "out").stat().st_size == 3 * HOLE + 5
    assert receiver.report.sha256 == source.report.sha256


def test_a_source_is_read_on_only_while_somebody_waits(tmp_path: Path) -> None:
    (tmp_path / "in").touch()
    os.truncate(tmp_path / "in", 1 << 43)
    source = Source(os.open(tmp_path / "in", os.O_RDONLY), "in", recursive=False)
    source.go_on = leaving(2)  # type: ignore[assignment]
    with pytest.raises(_LeftError):
        list(source.chunks())
    source.close()


def test_a_copy_begins_once(tmp_path: Path) -> None:
    receiver = receiver_of(tmp_path)
    receiver.feed(ROOT)
    before = open_files()
    with pytest.raises(ProtocolError):
        receiver.feed(ROOT)
    assert open_files() == before
    receiver.abandon()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_link_takes_the_place_of_files_and_links_only(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "x" / "it"
    place.parent.mkdir()
    if kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    receiver = receiver_of(tmp_path)
    with pytest.raises(ChatOpsError):
        receiver.feed(ROOT + pack_entry(Entry([b"it"], "link", 0o777, 0, target=b"a")))
    receiver.abandon()
    assert list(place.parent.iterdir()) == [place]
    assert not place.is_symlink()


def test_who_asked_for_a_file_gets_no_folder(tmp_path: Path) -> None:
    receiver = receiver_of(tmp_path)
    receiver.takes_folders = False
    with pytest.raises(Conflict, match="a folder came"):
        receiver.feed(ROOT)
    receiver.abandon()
    assert not list(tmp_path.iterdir())


def test_a_part_file_that_somebody_took_away_is_no_fault(tmp_path: Path) -> None:
    receiver = receiver_of(tmp_path)
    receiver.feed(pack_entry(Entry([], "file", 0o600, 7, size=3)))
    next(tmp_path.iterdir()).unlink()
    receiver.resume()
    receiver.feed(pack_entry(Entry([], "file", 0o600, 8, size=3)))
    receiver.abandon()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("umask", "file", "folder"),
    [(0o022, 0o744, 0o755), (0o002, 0o764, 0o775), (0o077, 0o744, 0o755)],
)
def test_a_hostile_target_makes_nothing_here_that_others_may_write_to(
    tmp_path: Path, umask: int, file: int, folder: int
) -> None:
    sent = pack_entry(Entry([], "folder", 0o777, 0))
    sent += pack_entry(Entry([b"file"], "file", 0o766, 0)) + pack_file_end(sha256().digest())
    copying = Download(Mock(), "web-1", b"/etc/x", os.fsencode(tmp_path), unwatched, recursive=True)
    copying._messages = (one for one in [StreamFrame(0, 0, sent + pack_end())])
    copying.began = CopyBegin(folder=True)
    before = os.umask(umask)
    try:
        with suppress(HubUnreachable):  # it does not say that it has ended
            copying.run()
    finally:
        assert os.umask(before) == umask
    copying.close()
    assert (tmp_path / "x").stat().st_mode & 0o7777 == folder
    assert (tmp_path / "x" / "file").stat().st_mode & 0o7777 == file


def test_a_kept_copy_is_let_go_when_its_id_comes_with_another_path(tmp_path: Path) -> None:
    before, kept = open_files(), KeptCopies()
    for number in range(5):
        path = b"/%d" % number
        assert kept.take(ID, path) is None
        receiver = receiver_of(tmp_path)
        receiver.feed(pack_entry(Entry([], "file", 0o600, 7, size=3)))
        kept.keep(ID, path, receiver)
    kept.close()
    assert open_files() == before
    assert not list(tmp_path.iterdir())


def test_kept_copies_hold_a_bounded_number_of_descriptors(tmp_path: Path) -> None:
    before, kept = open_files(), KeptCopies()
    for number in range(8):
        receiver = receiver_of(tmp_path, b"%d" % number)
        receiver.feed(ROOT)
        for depth in range(1, 100):
            receiver.feed(pack_entry(Entry([b"d"] * depth, "folder", 0o700, 0)))
        kept.keep(str(number), b"/", receiver)
        assert open_files() - before <= 256
    kept.close()
    assert open_files() == before


def test_who_sends_nothing_is_not_waited_for_without_end() -> None:
    given = CopyInput(1, lambda message: None, patience=0.01)
    with pytest.raises(SilentError, match=r"no byte of the copy came for 0\.01 s"):
        given.read()


def test_who_says_that_it_is_at_work_is_waited_for() -> None:
    patience = 1.0
    given = CopyInput(1, lambda message: None, patience)

    def work() -> None:
        until = time.monotonic() + 1.3 * patience
        while time.monotonic() < until:
            given.take(0, b"")
        given.take(0, b"at last")

    worker = threading.Thread(target=work)
    worker.start()
    assert given.read() == b"at last"
    worker.join()


def test_a_client_at_work_says_so_now_and_then_within_no_credit() -> None:
    frames: list[bytes] = []
    now, window = [100.0], Window()
    outgoing = Outgoing(frames.append, window, lambda: now[0])
    window.grant(3)
    outgoing.put(b"abc")
    for now[0] in (100.0, 114.0, 115.0, 116.0, 129.0, 130.0):
        outgoing.work()
    assert [decode_frame(one) for one in frames] == [(0, 0, b"abc"), (0, 3, b""), (0, 3, b"")]
    window.stop()
    with pytest.raises(Stopped):
        outgoing.work()


def test_a_block_waits_for_the_credit_that_takes_it_whole() -> None:
    frames: list[bytes] = []
    window = Window()
    outgoing = Outgoing(frames.append, window)
    window.grant(10)
    sender = threading.Thread(target=lambda: [outgoing.put(bytes(4)) for _ in range(4)])
    sender.start()
    until(lambda: len(frames) == 2, what="the blocks that fit")
    window.grant(1)  # 3 are left, of 10 there were
    window.grant(9)
    sender.join()
    assert [len(decode_frame(one).data) for one in frames] == [4, 4, 4, 4]


def test_frames_without_bytes_are_not_piled_up() -> None:
    given = CopyInput(1, lambda message: None)
    for _ in range(3):
        given.take(0, b"")
    given.take(0, b"abc")
    assert given.read() == b"abc"


@pytest.mark.parametrize("length", [1, 255])
def test_a_report_of_deep_and_long_names_is_one_that_the_hub_takes(length: int) -> None:
    report = CopyReport()
    for _ in range(2 * MAX_SKIPPED):
        note(report, Skipped([b"n" * length] * 128, "w" * 200, failed=True))
    assert len(report.skipped) + report.more_skipped == report.failed == 2 * MAX_SKIPPED
    assert len(msgspec.json.encode(report)) < 256 * 1024


@pytest.mark.parametrize("size", [0, 1])
def test_the_hub_passes_no_flood_of_tiny_frames_on(size: int) -> None:
    session = Mock(inputs={})
    session.open_input.side_effect = lambda one: session.inputs.setdefault(1, one) and 1
    given = copies.CopyInput(session)
    given.on_credit(StreamCredit(stream=1, credit=1 << 20))
    for number in range(1024):
        given.feed(number * size, bytes(size))
    if size:  # a KiB came: one more
        given.feed(1024, bytes(1))
    with pytest.raises(ProtocolError, match="too small"):
        given.feed(1025 * size, bytes(size))
    assert session.connection.post.call_count <= 1025


def test_the_hub_passes_on_pieces_as_they_are_sent() -> None:
    session = Mock(inputs={})
    session.open_input.side_effect = lambda one: session.inputs.setdefault(1, one) and 1
    given = copies.CopyInput(session)
    given.on_credit(StreamCredit(stream=1, credit=1 << 30))
    offset = 0
    for size in (60, 1 << 16) * 3000:
        given.feed(offset, bytes(size))
        offset += size
    assert session.connection.post.call_count == 6000


@pytest.mark.parametrize(
    "sent",
    [
        ROOT,
        pack_entry(Entry([b"..", b"x"], "file", 0o600, 0)),
        pack_entry(Entry([b"a\0b"], "file", 0o600, 0)),
        pack_entry(Entry([b"x"], "file", 0o600, 0)),
        bytes(64),
    ],
)
def test_a_hostile_target_writes_nothing_here_and_is_not_asked_again(
    tmp_path: Path, sent: bytes
) -> None:
    copying = Download(
        Mock(), "web-1", b"/etc/x", os.fsencode(tmp_path), unwatched, recursive=False
    )
    copying._messages = (one for one in [StreamFrame(0, 0, sent)])
    copying.began = CopyBegin()
    with pytest.raises(Conflict):
        copying.run()
    copying.close()
    assert not list(tmp_path.iterdir())
