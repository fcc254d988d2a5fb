"""Folders and files that only their owner can read, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from platformdirs import user_config_path

from chatops.errors import SetupError
from chatops.paths import config_dir, default_data_dir, private_dir, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_configuration_folder_can_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATOPS_CONFIG_DIR", str(tmp_path / "here"))
    assert config_dir() == str(tmp_path / "here")


@pytest.mark.parametrize("value", [None, ""])
def test_it_is_the_users_unless_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    if value is None:
        monkeypatch.delenv("CHATOPS_CONFIG_DIR", raising=False)
    else:
        monkeypatch.setenv("CHATOPS_CONFIG_DIR", value)
    assert config_dir() == str(tmp_path / "xdg" / "chatops")


@pytest.mark.parametrize("xdg", [None, "", "relative", "/x/y/", "/x//z"])
@pytest.mark.parametrize("home", [None, "", "relative", "/home/ada", "/home/ada/"])
def test_it_is_where_platformdirs_says(
    monkeypatch: pytest.MonkeyPatch, xdg: str | None, home: str | None
) -> None:
    monkeypatch.delenv("CHATOPS_CONFIG_DIR", raising=False)
    for name, value in (("XDG_CONFIG_HOME", xdg), ("HOME", home)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert Path(config_dir()) == user_config_path("chatops", appauthor=False)


def test_the_data_folder_of_root_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir("hub") == Path("/var/lib/chatops/hub")


def test_the_data_folder_of_others_is_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir("agent") == tmp_path / "chatops" / "agent"


def test_a_private_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    made = private_dir(tmp_path / "a" / "b")
    assert made == tmp_path / "a" / "b"
    assert mode(made) == 0o700


def test_a_folder_that_others_can_enter_is_closed(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o755)
    private_dir(loose)
    assert mode(loose) == 0o700


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_the_way_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="is not a folder") as caught:
        private_dir(tmp_path / name)
    assert str(tmp_path / name) in caught.value.message
    assert caught.value.hint


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(SetupError, match=f"belongs to another user .uid {owner}."):
        private_dir(tmp_path)


@pytest.mark.parametrize("path", ["/proc/nowhere/hub", "/proc/1\0/hub", "/tmp/" + "x" * 300])
def test_a_folder_that_cannot_be_made_is_an_error_of_setup(path: str) -> None:
    with pytest.raises(SetupError, match="cannot be used"):
        private_dir(Path(path))


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old and longer")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_private(tmp_path / "missing" / "secret", b"x")
