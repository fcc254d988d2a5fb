"""Flags of programs that have settings, made from the settings' own declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chatops.options import Option, options_of
from chatops.units import format_duration, format_size

CONFIG = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with the same settings")
]
_KINDS: Final[dict[str, Any]] = {"flag": bool | None, "list": list[str] | None}


def flags_of(settings: type[Any]) -> list[inspect.Parameter]:
    """A typer parameter for each setting that has a flag. What was not given is None.

    Values come as text: chatops.options reads them, as it reads variables and files.
    """
    return [_flag(one) for one in options_of(settings) if one.flag is not None]


def default_of(one: Option) -> str | None:
    """A setting's default as people read it; None where there is nothing to say."""
    if one.default_text is not None:
        return one.default_text
    if one.default in (None, "", ()) or one.kind == "flag":
        return None
    if one.kind == "duration":
        return format_duration(one.default)
    return format_size(one.default) if one.kind == "size" else str(one.default)


def _flag(one: Option) -> inspect.Parameter:
    assert one.flag is not None
    declared = typer.Option(
        one.flag, metavar=one.metavar or "|".join(one.choices) or None, help=_help(one),
        autocompletion=_completion(one.choices),
    )  # fmt: skip
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_KINDS.get(one.kind, str | None), declared],
    )


def _help(one: Option) -> str:
    default = default_of(one)
    notes = [f"[{one.env}]"] if one.env else []
    notes += [f"[default: {default}]"] if default else []
    return " ".join([one.help, *notes])


def _completion(choices: tuple[str, ...]) -> Callable[[str], list[str]] | None:
    if not choices:
        return None

    def complete(incomplete: str) -> list[str]:
        return [word for word in choices if word.startswith(incomplete)]

    return complete
