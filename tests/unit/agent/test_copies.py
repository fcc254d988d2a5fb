"""Copies to this host: who is silent gives its place to others, and goes on later."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pytest

from chatops.agent.copies import Copies
from chatops.agent.copy_input import SilentError
from chatops.agent.feeds import Feed, FeedError
from chatops.agent.files_policy import FilesPolicy
from chatops.protocol.copies import CopyBegin, CopyInArgs, CopyPlace, Entry
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import StreamOpen
from chatops.protocol.pack import pack_data, pack_end, pack_entry, pack_file_end

INPUT = 7
POLICY = FilesPolicy(write=True)


def write(
    copies: Copies, copy_id: str, path: Path, sent: bytes, policy: FilesPolicy = POLICY
) -> CopyBegin:
    """A copy to ``path`` for which only ``sent`` comes; what it began with."""
    feed = Feed(
        [StreamOpen(command_id="", stream=1, name="stderr", credit=1000)], lambda step: step()
    )
    begun: list[CopyBegin] = []

    def accept(begin: CopyBegin) -> None:
        begun.append(begin)
        copies.inputs.take(StreamFrame(INPUT, 0, sent))

    feed.on_accept = accept
    args = CopyInArgs(id=copy_id, path=os.fsencode(path), name=b"x", input=INPUT)
    with suppress(SilentError):
        copies.write(policy, args, feed)
    return begun[0]


def test_a_silent_copy_gives_up_its_place_and_goes_on_where_it_was(tmp_path: Path) -> None:
    copies, digest = Copies(tmp_path / "notes", patience=0.01), hashlib.sha256(b"old new").digest()
    entry = Entry([], "file", 0o600, 5, size=7)
    for number in range(8):  # more than there are places
        path = tmp_path / str(number)
        assert write(copies, f"id-{number}", path, pack_entry(entry) + pack_data(0, b"old")).place
        assert not path.exists()
    entry.start = 3
    rest = pack_entry(entry) + pack_data(3, b" new") + pack_file_end(digest) + pack_end()
    begin = write(copies, "id-5", tmp_path / "5", rest)
    assert begin.place == CopyPlace(None, [], 7, 5, 3)
    assert (tmp_path / "5").read_bytes() == b"old new"
    copies.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["5", "notes"]
    assert not list((tmp_path / "notes").iterdir())


def whole(data: bytes) -> bytes:
    """The records of a file."""
    head = pack_entry(Entry([], "file", 0o600, 5, size=len(data))) + pack_data(0, data)
    return head + pack_file_end(hashlib.sha256(data).digest()) + pack_end()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_written_through_where_the_policy_lets_its_target_be_written(
    tmp_path: Path, there: bool
) -> None:
    copies, place = Copies(tmp_path / "notes"), tmp_path / "in"
    policy = FilesPolicy(folders=(str(tmp_path),), write=(str(place),))
    (place / "real").mkdir(parents=True)
    (place / "link").symlink_to("real/file")
    (place / "out").symlink_to("../outside")
    if there:
        (place / "real" / "file").write_bytes(b"old")
        (tmp_path / "outside").write_bytes(b"old")
    write(copies, "id-1", place / "link", whole(b"new"), policy)
    assert (place / "link").is_symlink()
    assert (place / "real" / "file").read_bytes() == b"new"
    with pytest.raises(FeedError, match=r"in/out: where this link leads: .*policy") as refused:
        write(copies, "id-2", place / "out", whole(b"new"), policy)
    assert refused.value.code == "refused"
    assert (place / "out").is_symlink()
    assert (tmp_path / "outside").exists() is there
    assert not there or (tmp_path / "outside").read_bytes() == b"old"
    copies.close()
