"""The profiles file: private, whole at every moment, and never lost to another writer."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatops.cli.profiles import Profile, Profiles, check_profile_name
from chatops.errors import InvalidInput, NotFound, SetupError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_there_are_none_at_first_and_reading_makes_nothing(tmp_path: Path) -> None:
    book = Profiles(tmp_path / "none").read()
    assert (book.active, book.profiles) == (None, {})
    assert not (tmp_path / "none").exists()


def test_what_was_written_is_read_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "config"
    old = os.umask(0)
    try:
        with Profiles(folder).change() as book:
            book.profiles["prod"] = Profile(hub="https://h", token="t", insecure=True)
            book.active = "prod"
    finally:
        os.umask(old)
    assert Profiles(folder).read() == book
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_an_error_on_the_way_changes_nothing(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    with profiles.change() as book:
        book.profiles["a"] = Profile(hub="https://h")
    with pytest.raises(NotFound), profiles.change() as book:
        book.active = book.get("b").hub
    assert profiles.read().active is None


def test_a_folder_that_cannot_be_used_names_the_variable_that_moves_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError) as caught, Profiles(tmp_path / "file").change():
        pass
    assert caught.value.hint == "name another with CHATOPS_CONFIG_DIR"


def test_a_damaged_file_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "profiles.json").write_bytes(b'{"profiles": \xff')
    for use in (Profiles(tmp_path).read, Profiles(tmp_path).change().__enter__):
        with pytest.raises(SetupError, match="are damaged"):
            use()
    assert (tmp_path / "profiles.json").read_bytes() == b'{"profiles": \xff'


def test_removing_the_active_one_leaves_none_active(tmp_path: Path) -> None:
    with Profiles(tmp_path).change() as book:
        book.profiles["a"] = Profile(hub="https://h")
        book.active = "a"
        book.remove("a")
        assert book.active is None
        with pytest.raises(NotFound):
            book.get("a")


WRITER = """
import sys
from pathlib import Path
from chatops.cli.profiles import Profile, Profiles
for number in range(20):
    with Profiles(Path(sys.argv[1])).change() as book:
        book.profiles[f"{sys.argv[2]}-{number}"] = Profile(hub="https://h")
"""


def test_two_processes_lose_nothing_of_one_another(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who]) for who in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(Profiles(tmp_path).read().profiles) == 40


@pytest.mark.parametrize("name", ["prod", "127.0.0.1:8765", "hub.example.org:443"])
def test_names_that_a_profile_may_have(name: str) -> None:
    assert check_profile_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "\x1b[2J", "x" * 64])
def test_names_that_a_profile_may_not_have(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_profile_name(name)
