"""The hub's secrets: made once, private, and whole or refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from chatops.errors import SetupError
from chatops.server.secrets import FILE, load_secrets


def test_they_are_made_once_and_private(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert load_secrets(tmp_path) == made
    assert len({made.tokens, made.audit, made.box}) == 3
    assert made.tokens not in repr(made)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'tokens = "' + b"0" * 64 + b'"\n',
        b'tokens = "a"\naudit = "b"\nbox = "c"\n',
        b"tokens = 1\naudit = 2\nbox = 3\n",
        b'tokens = ""\naudit = ""\nbox = ""\n',
        b"tokens = ",
        b"\xff\xfe",
    ],
)
def test_a_file_that_lacks_one_is_damaged_and_stays_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SetupError, match="damaged") as caught:
        load_secrets(tmp_path)
    assert caught.value.hint
    assert path.read_bytes() == content


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(SetupError, match="read by others"):
        load_secrets(tmp_path)
