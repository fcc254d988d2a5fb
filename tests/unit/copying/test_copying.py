"""What both ends of a copy do alike: a real tree to a real folder, cut anywhere."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.copying.counting import Moved
from chatops.copying.destination import settle
from chatops.copying.naming import base_name, stays_inside
from chatops.copying.receiving import Receiver
from chatops.copying.sending import Source
from chatops.errors import (
    ChatOpsError,
    Conflict,
    InvalidInput,
    NotPermitted,
    ProtocolError,
    Refused,
)
from chatops.protocol.copies import Entry
from chatops.protocol.limits import MAX_COPY_DATA
from chatops.protocol.pack import pack_data, pack_end, pack_entry, pack_file_end

ID = "0123456789abcdef"


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def source_of(path: Path, *, recursive: bool = True) -> Source:
    return Source(os.open(path, os.O_RDONLY), str(path), recursive=recursive)


def receiver_of(folder: Path, name: bytes) -> Receiver:
    return Receiver(ID, os.open(folder, os.O_PATH | os.O_DIRECTORY), name, str(folder / "x"))


def copied(path: Path, folder: Path, name: str) -> Receiver:
    source, receiver = source_of(path), receiver_of(folder, name.encode())
    try:
        for chunk in source.chunks():
            receiver.feed(chunk)
    finally:
        source.close()
        receiver.abandon()
    return receiver


def described(root: Path) -> dict[Path, tuple[object, ...]]:
    """Everything below a folder: kind, rights, time, bytes."""
    found: dict[Path, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        if path.is_symlink():
            about: tuple[object, ...] = ("link", path.readlink())
        elif path.is_dir():
            about = ("folder", status.st_mode, status.st_mtime_ns)
        else:
            about = ("file", status.st_mode, status.st_mtime_ns, path.read_bytes())
        found[path.relative_to(root)] = about
    return found


def make_tree(root: Path) -> None:
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "empty").mkdir(mode=0o750)
    (root / "large").write_bytes(os.urandom(900_000))
    (root / "small").write_bytes(b"s")
    (root / "nothing").write_bytes(b"")
    (root / "new\nline").write_bytes(b"n")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_bytes(b"no UTF-8")
    (root / "sub" / "one").write_bytes(os.urandom(100_000))
    (root / "sub" / "link").symlink_to("../small")
    (root / "sub" / "deep" / "two").write_bytes(b"2")
    (root / "small").chmod(0o604)
    os.utime(root / "small", ns=(1, 1_234_567_891))
    os.utime(root / "sub", ns=(1, 987_654_321))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree") / "root"
    root.mkdir()
    make_tree(root)
    return root


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 1_100_000), max_size=6))
def test_a_tree_that_is_cut_anywhere_is_whole_in_the_end_and_only_the_rest_is_sent(
    tree: Path, cuts: list[int]
) -> None:
    sent = 0
    with TemporaryDirectory() as place:
        source, receiver = source_of(tree), receiver_of(Path(place), b"copy")
        try:
            for cut in (*cuts, 10_000_000):
                receiver.resume()
                room = cut
                for chunk in source.chunks(receiver.place):
                    taken = chunk[:room]
                    sent += len(taken)
                    room -= len(taken)
                    receiver.feed(taken)
                    if not room:
                        break
                if receiver.whole:
                    break
            assert receiver.whole
            assert described(Path(place, "copy")) == described(tree)
            assert names_in(Path(place)) == ["copy"]
        finally:
            source.close()
            receiver.abandon()
    size = sum(one.stat().st_size for one in tree.rglob("*") if stat.S_ISREG(one.lstat().st_mode))
    assert receiver.moved.bytes == size
    # A record that was cut is sent again, and of each connection the heads of some records.
    assert sent <= size + (len(cuts) + 1) * (MAX_COPY_DATA + 2000)


@pytest.mark.parametrize("kept", [0, 70_000, 300_000])
def test_a_file_that_changed_while_the_copy_was_cut_is_copied_anew(
    tmp_path: Path, kept: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old" * 100_000)
    receiver, source = receiver_of(tmp_path, b"copy"), source_of(path)
    data = b"".join(source.chunks())
    receiver.feed(data[:kept])
    source.close()
    path.write_bytes(b"new" * 100_001)
    source = source_of(path)
    receiver.resume()
    for chunk in source.chunks(receiver.place):
        receiver.feed(chunk)
    source.close()
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()
    assert receiver.report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert names_in(tmp_path) == ["copy", "file"]


def test_holes_stay_holes(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(300_000_000)
        file.seek(200_000_000)
        file.write(b"in the middle")
    receiver = copied(path, tmp_path, "copy")
    report = receiver.report
    assert receiver.moved == Moved(300_000_000, 1)
    assert (tmp_path / "copy").stat().st_blocks * 512 < 1_000_000
    assert report.sent < 100_000
    with (tmp_path / "copy").open("rb") as file:
        assert report.sha256 == hashlib.file_digest(file, "sha256").hexdigest()


def broken(*records: bytes) -> Callable[[Receiver], None]:
    def feed(receiver: Receiver) -> None:
        for record in records:
            receiver.feed(record)

    return feed


FILE = Entry([], "file", 0o600, 0, 3)
FOLDER = pack_entry(Entry([], "folder", 0o700, 0))
HOSTILE = {
    "another digest": broken(pack_entry(FILE), pack_data(0, b"new"), pack_file_end(b"x" * 32)),
    "bytes behind its end": broken(pack_entry(FILE), pack_data(1, b"new")),
    "bytes that go back": broken(pack_entry(FILE), pack_data(1, b"n"), pack_data(0, b"n")),
    "no beginning": broken(pack_data(0, b"new")),
    "an end within a file": broken(pack_entry(FILE), pack_end()),
    "a start that is not there": broken(pack_entry(Entry([], "file", 0o600, 0, 3, 2))),
    "dots": broken(FOLDER, pack_entry(Entry([b".."], "file", 0o600, 0, 3))),
    "a slash": broken(FOLDER, pack_entry(Entry([b"a/b"], "file", 0o600, 0, 3))),
    "a folder that is not there": broken(FOLDER, pack_entry(Entry([b"a", b"b"], "folder", 0, 0))),
    "a link out": broken(
        FOLDER, pack_entry(Entry([b"a"], "link", 0o777, 0, target=b"../../etc"))
    ),
    "no record": broken(b"\xff" * 20),
}  # fmt: skip
IN_FOLDERS = ("dots", "a slash", "a folder that is not there", "a link out")


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_copy_leaves_what_was_there(tmp_path: Path, what: str) -> None:
    (tmp_path / "place").mkdir()
    old = tmp_path / "place" / "old"
    old.write_bytes(b"old")
    receiver = receiver_of(tmp_path / "place", b"fresh" if what in IN_FOLDERS else b"old")
    with pytest.raises((ProtocolError, Conflict)):
        HOSTILE[what](receiver)
    receiver.abandon()
    assert old.read_bytes() == b"old"
    assert [one for one in names_in(tmp_path / "place") if "part" in one] == []
    assert not (tmp_path / "b").exists()


def test_a_link_that_was_put_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "to" / "copy").mkdir(parents=True)
    (tmp_path / "to" / "copy" / "sub").symlink_to(tmp_path / "outside")
    (tmp_path / "from" / "sub").mkdir(parents=True)
    (tmp_path / "from" / "sub" / "file").write_bytes(b"x")
    with pytest.raises(ChatOpsError, match="no folder"):
        copied(tmp_path / "from", tmp_path / "to", "copy")
    assert names_in(tmp_path / "outside") == []


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "source").write_bytes(b"new")
    copied(tmp_path / "source", tmp_path, "link")
    assert (tmp_path / "target").read_bytes() == b"old"
    assert (tmp_path / "link").read_bytes() == b"new"
    assert not (tmp_path / "link").is_symlink()


def test_no_space_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ChatOpsError, match="no space left"):
        copied(tmp_path / "file", tmp_path, "old")
    assert (tmp_path / "old").read_bytes() == b"old"
    assert names_in(tmp_path) == ["file", "old"]


@contextmanager
def unprivileged() -> Iterator[None]:
    """Within, this process is one whom permissions bind."""
    before = os.geteuid()
    if not before:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_no_permission_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"new")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    folder.chmod(0o555)
    source, receiver = source_of(tmp_path / "source"), receiver_of(folder, b"old")
    with unprivileged(), pytest.raises(NotPermitted, match="permission denied"):
        receiver.feed(b"".join(source.chunks()))
    receiver.abandon()
    source.close()
    assert names_in(folder) == ["old"]
    assert (folder / "old").read_bytes() == b"old"


def test_what_may_not_be_read_is_said_and_the_rest_copied(tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "folder"
    (root / "closed").mkdir(parents=True)
    (root / "secret").write_bytes(b"secret")
    (root / "open").write_bytes(b"open")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    (root / "secret").chmod(0)
    (root / "closed").chmod(0)
    source, receiver = source_of(root), receiver_of(folder, b"copy")
    with unprivileged():
        receiver.feed(b"".join(source.chunks()))
    source.close()
    assert {one.names[0] for one in receiver.report.skipped} == {b"secret", b"closed"}
    assert receiver.report.failed == 2
    assert {one.reason for one in receiver.report.skipped} == {"permission denied"}
    assert names_in(folder / "copy") == ["open"]
    (root / "closed").chmod(0o700)


def test_what_is_no_file_is_skipped_and_said(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    os.mkfifo(root / "pipe")
    (root / "out").symlink_to("/etc/passwd")
    report = copied(root, tmp_path, "copy").report
    assert {one.names[0] for one in report.skipped} == {b"pipe", b"out"}
    assert report.failed == 0
    assert names_in(tmp_path / "copy") == []


def test_a_file_that_has_more_in_it_than_its_size_says_is_not_copied_as_empty() -> None:
    descriptor = os.open("/proc/cpuinfo", os.O_RDONLY)
    try:
        with pytest.raises(InvalidInput, match="/proc/cpuinfo has no size") as refused:
            Source(descriptor, "/proc/cpuinfo", recursive=False)
        assert "cat /proc/cpuinfo > FILE" in str(refused.value.hint)
    finally:
        os.close(descriptor)


def test_a_file_that_has_less_in_it_than_its_size_says_is_not_copied(tmp_path: Path) -> None:
    report = copied(Path("/sys/class/net/lo/mtu"), tmp_path, "copy").report
    assert [one.reason for one in report.skipped] == ["there is less in it than its size says"]
    assert report.failed == 1
    assert names_in(tmp_path) == []


def test_in_a_folder_such_a_file_is_skipped_and_said(tmp_path: Path) -> None:
    report = copied(Path("/proc/sys/kernel/random"), tmp_path, "copy").report
    assert report.skipped
    assert {one.reason for one in report.skipped} == {"it has no size, like the files of /proc"}
    assert (report.files, report.failed) == (0, 0)


def test_a_folder_is_copied_only_if_that_is_asked_for(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(InvalidInput, match="is a folder"):
        Source(descriptor, "it", recursive=False)
    os.close(descriptor)


@pytest.mark.parametrize(
    ("depth", "target", "stays"),
    [
        (0, b"a", True), (0, b"./a/b", True), (1, b"../a", True), (2, b"../../a", True),
        (0, b"../a", False), (1, b"../../a", False), (1, b"a/../../../b", False),
        (3, b"a/../b", False), (0, b"/etc", False), (0, b"", False), (0, b"a\0", False),
    ],
)  # fmt: skip
def test_a_link_stays_in_what_is_copied(depth: int, target: bytes, stays: bool) -> None:
    assert stays_inside(depth, target) is stays


@pytest.fixture
def held() -> Iterator[list[int]]:
    handles: list[int] = []
    yield handles
    for handle in handles:
        os.close(handle)


@pytest.mark.parametrize(
    ("path", "name"),
    [("new", b"new"), ("file", b"file"), ("folder", b"src"), ("folder/", b"src"), (".", b"src"),
     ("folder/..", b"src")],
)  # fmt: skip
def test_a_copy_goes_where_cp_puts_it(
    tmp_path: Path, held: list[int], path: str, name: bytes
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    where = os.fsencode(tmp_path) + b"/" + path.encode()
    found = settle(where, b"src", lambda one: os.open(one, os.O_PATH | os.O_DIRECTORY))
    held.append(found.folder)
    inside = tmp_path / "folder" if path in ("folder", "folder/") else tmp_path
    assert found.name == name
    assert os.path.samestat(os.fstat(found.folder), inside.stat())


@pytest.mark.parametrize("name", ["in", "in/", "in/."])
def test_a_folder_may_be_written_in_that_lies_in_one_that_may_not(
    tmp_path: Path, held: list[int], name: str
) -> None:
    (tmp_path / "in").mkdir()

    def hold(path: bytes) -> int:
        if os.path.normpath(path) != os.fsencode(tmp_path / "in"):
            raise Refused(f"not in {path!r}")
        return os.open(path, os.O_PATH | os.O_DIRECTORY)

    found = settle(os.fsencode(f"{tmp_path}/{name}"), b"src", hold)
    held.append(found.folder)
    assert found.name == b"src"
    assert os.path.samestat(os.fstat(found.folder), (tmp_path / "in").stat())
    with pytest.raises(Refused, match=f"not in b'{tmp_path}'"):
        settle(os.fsencode(f"{tmp_path}/other"), b"src", hold)


def test_the_root_has_no_name_to_be_copied_under() -> None:
    assert base_name(b"/") == b""
    assert base_name(b"/srv/www/") == b"www"


def hold_any(path: bytes) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


@pytest.mark.parametrize("relative", [True, False])
def test_a_link_as_destination_is_written_through(
    tmp_path: Path, held: list[int], monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "file"
    (tmp_path / "way").symlink_to("second" if relative else tmp_path / "second")
    (tmp_path / "second").symlink_to("real/third")
    (tmp_path / "real" / "third").symlink_to("file")
    for there in (False, True):
        found = settle(b"way" if relative else os.fsencode(tmp_path / "way"), b"src", hold_any)
        held.append(found.folder)
        assert (found.name, target.exists()) == (b"file", there)
        assert os.path.samestat(os.fstat(found.folder), target.parent.stat())
        target.write_bytes(b"x")


def test_a_link_that_leads_elsewhere_is_refused_and_nothing_said_of_where(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "way").symlink_to("secret/x")

    def hold(path: bytes) -> int:
        if b"secret" in path:
            raise Refused(f"{os.fsdecode(path)}: not there")
        return hold_any(path)

    with pytest.raises(Refused, match="way: where this link leads: not there") as refused:
        settle(os.fsencode(tmp_path / "way"), b"src", hold)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("target", "why"),
    [("way", "in a circle"), ("/proc/self/fd/0", "a program has open"), ("none/..", "to no file")],
)
def test_a_link_that_leads_to_no_place_for_a_file_is_a_conflict(
    tmp_path: Path, target: str, why: str
) -> None:
    (tmp_path / "way").symlink_to(target)
    with pytest.raises(Conflict, match=why):
        settle(os.fsencode(tmp_path / "way"), b"src", hold_any)


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    (tmp_path / "source").write_bytes(b"new")
    place = Path("/dev/null") if kind == "device" else tmp_path / "pipe"
    if kind == "pipe":
        os.mkfifo(place)
    (tmp_path / "way").symlink_to(place)
    found = settle(os.fsencode(tmp_path / "way"), b"src", hold_any)
    source = source_of(tmp_path / "source")
    receiver = Receiver(ID, found.folder, found.name, "way")
    with pytest.raises(Conflict, match="way: it is a device, pipe or socket"):
        receiver.feed(b"".join(source.chunks()))
    receiver.abandon()
    source.close()
    assert (tmp_path / "way").is_symlink()
    assert not stat.S_ISREG(place.stat().st_mode)
