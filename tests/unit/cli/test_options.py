"""Flags that come from settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, get_args

import pytest

from chatops.cli.options import default_of, flags_of
from chatops.options import load, option, options_of


@dataclass(frozen=True)
class Settings:
    ENV_PREFIX: ClassVar[str] = "X_"

    port: int = option(80, "port to use", kind="int", metavar="PORT")
    pace: float = option(90.0, "how often", kind="duration")
    size: int = option(2048, "how much", kind="size")
    loud: bool = option(default=False, help="say more", kind="flag")
    words: tuple[str, ...] = option((), "some words", kind="list")
    mode: str = option("fast", "how", choices=("fast", "slow"))
    folder: Path | None = option(None, "where", kind="path", default_text="at home")
    hidden: str = option("x", "no flag", flag=None)


def test_there_is_a_flag_for_each_setting_that_has_one() -> None:
    flags = {one.name: one for one in flags_of(Settings)}
    assert list(flags) == ["port", "pace", "size", "loud", "words", "mode", "folder"]
    assert all(one.default is None for one in flags.values())
    declared = get_args(flags["mode"].annotation)[1]
    assert declared.metavar == "fast|slow"
    assert declared.help == "how [X_MODE] [default: fast]"
    assert declared.autocompletion("s") == ["slow"]


def test_defaults_are_written_as_people_write_them() -> None:
    defaults = {one.name: default_of(one) for one in options_of(Settings)}
    assert defaults == {
        "port": "80", "pace": "1m30s", "size": "2 KiB", "loud": None, "words": None,
        "mode": "fast", "folder": "at home", "hidden": "x",
    }  # fmt: skip


@pytest.mark.parametrize("name", [one.name for one in flags_of(Settings)])
def test_a_flag_that_was_not_given_leaves_the_default(name: str) -> None:
    assert load(Settings, flags={name: None}, environ={}) == Settings()
