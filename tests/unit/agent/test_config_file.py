"""The agent's configuration file: whoever can write it decides what runs, so others may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatops.agent.config_file import read_config
from chatops.agent.settings import load
from chatops.errors import InvalidInput


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text('[policy]\nallow = ["exec"]\n')
    path.chmod(0o644)
    return path


def test_a_file_that_only_its_owner_can_write_is_read(file: Path) -> None:
    assert read_config(file) == {"policy": {"allow": ["exec"]}}
    assert load({}, {}, file).policy == {"allow": ["exec"]}


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620])
def test_one_that_others_can_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(InvalidInput) as caught:
        load({}, {}, file)
    assert f"others can write the configuration file {file}" in caught.value.message
    assert caught.value.hint == f"run: chmod go-w {file}"


def test_one_that_others_can_replace_is_refused(file: Path) -> None:
    link = file.with_name("link.toml")
    link.symlink_to(file)
    file.parent.chmod(0o777)
    for path in (file, link):
        with pytest.raises(InvalidInput) as caught:
            read_config(path)
        assert f"others can write the folder {file.parent}" in caught.value.message
    file.parent.chmod(0o1777)  # as /tmp: others cannot replace what is not theirs
    assert read_config(file)


@pytest.mark.parametrize("of", ["file", "folder"])
def test_one_of_another_user_is_refused(
    file: Path, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(file if of == "file" else file.parent, 65534, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(InvalidInput, match="belongs to another user"):
        read_config(file)


def test_what_is_no_file_or_no_toml_is_told(file: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        read_config(file.with_name("none"))
    with pytest.raises(InvalidInput, match="cannot read"):
        read_config(file.parent)
    file.write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="is not a TOML file"):
        read_config(file)
