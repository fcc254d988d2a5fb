"""Files that commands write: new, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.cli.new_file import new_file
from chatops.errors import ChatOpsError, Conflict, NotFound


@pytest.mark.parametrize(("taken", "message"), [("file", "there is a file"), ("folder", "folder")])
def test_nothing_that_is_there_is_written_over(tmp_path: Path, taken: str, message: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Conflict, match=message), new_file(str(tmp_path / taken)):
        pass
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("path", "error"), [("none/x", NotFound), ("file/x", Conflict), ("x" * 300, ChatOpsError)]
)
def test_where_none_can_be_made_the_error_says_why(
    tmp_path: Path, path: str, error: type[ChatOpsError]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(ChatOpsError, match="cannot be made: ") as found,
        new_file(f"{tmp_path}/{path}"),
    ):
        pass
    assert type(found.value) is error
    assert found.value.hint == "name it in another folder"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "new"

    def fail() -> None:
        with new_file(str(place)) as file:
            file.write(b"half")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        fail()
    assert not place.exists()
