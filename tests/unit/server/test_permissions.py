"""A data folder that is open to others keeps the hub from starting, and nothing is hidden."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chatops.errors import SetupError
from chatops.server.permissions import OURS, open_folder


def _folder(tmp_path: Path, mode: int, *files: str) -> Path:
    folder = tmp_path / "hub"
    folder.mkdir()
    for name in files:
        (folder / name).touch(mode=0o600)
    folder.chmod(mode)
    return folder


def test_a_new_folder_is_made_private(tmp_path: Path) -> None:
    made = open_folder(tmp_path / "deep" / "hub")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_an_empty_folder_is_made_private(tmp_path: Path) -> None:
    folder = open_folder(_folder(tmp_path, 0o755))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o710, 0o777])
def test_a_folder_in_use_that_is_open_is_refused_and_left_alone(tmp_path: Path, mode: int) -> None:
    folder = _folder(tmp_path, mode, "chatops.db")
    with pytest.raises(SetupError, match=f"open to others .mode {mode:04o}.") as caught:
        open_folder(folder)
    assert f"chmod 700 {folder}" in str(caught.value.hint)
    assert stat.S_IMODE(folder.stat().st_mode) == mode


@pytest.mark.parametrize(
    "name",
    ["chatops.db", "metrics.db-wal", "logs.db-shm", "tls-self-signed.pem", "hub.lock",
     "secrets.toml", "admin-password"],
)  # fmt: skip
@pytest.mark.parametrize("mode", [0o640, 0o602])
def test_a_file_that_is_open_is_named_with_what_to_do(tmp_path: Path, name: str, mode: int) -> None:
    folder = _folder(tmp_path, 0o700, name)
    (folder / name).chmod(mode)
    with pytest.raises(SetupError, match="by others") as caught:
        open_folder(folder)
    assert str(folder / name) in caught.value.message
    assert f"chmod 600 {folder / name}" in str(caught.value.hint)


def test_a_file_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder(tmp_path, 0o700, "chatops.db")
    if os.geteuid() == 0:
        os.chown(folder / "chatops.db", 12_345, -1)
    else:
        monkeypatch.setattr("chatops.server.permissions._is_foreign", lambda _: True)
    with pytest.raises(SetupError) as caught:
        open_folder(folder)
    assert f"chown {os.geteuid()} " in str(caught.value.hint)


def test_what_people_put_there_is_their_own_affair(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 0o700, "hub.toml", "hub.log")
    for name in ("hub.toml", "hub.log"):
        (folder / name).chmod(0o644)
    assert open_folder(folder) == folder
    assert not any(Path("hub.toml").match(pattern) for pattern in OURS)
