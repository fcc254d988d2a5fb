"""How the text of options is read: times, durations, K=V words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeVar

from chatops.errors import InvalidInput

W = TypeVar("W", bound=str)


def moment(text: str | None, option: str) -> float | None:
    """Unix seconds of ``--since`` or ``--until``.

    Raises:
        InvalidInput: neither a duration nor a time; names the option.
    """
    from chatops.units import parse_moment

    try:
        return None if text is None else parse_moment(text, time.time())
    except InvalidInput as error:
        hint = error.hint
        if text.startswith("-"):  # type: ignore[union-attr]  # None was no error
            hint = "a duration counts back from now by itself: write it without the minus"
        raise InvalidInput(f"{option}: {error.message}", hint=hint) from None


def span(since: str | None, until: str | None) -> tuple[float | None, float | None]:
    """When the span of ``--since`` and ``--until`` begins and ends; None: it is open there.

    Raises:
        InvalidInput: neither a duration nor a time, or it ends before it begins.
    """
    return ordered(moment(since, "--since"), moment(until, "--until"))


def ordered(begin: float | None, end: float | None) -> tuple[float | None, float | None]:
    """The two as they are.

    Raises:
        InvalidInput: the span ends before it begins.
    """
    if begin is not None and begin >= (time.time() if end is None else end):
        raise InvalidInput("the span ends before it begins", hint="let --since be before --until")
    return begin, end


def chosen(text: str, option: str, known: Sequence[W]) -> list[W]:
    """The words of an option that a comma joins; of ``all`` none, which leaves nothing out.

    Raises:
        InvalidInput: a word is not one of the known; names the option.
    """
    words = [word.strip() for word in text.split(",")]
    if words == ["all"]:
        return []
    for word in words:
        if word not in known:
            raise InvalidInput(
                f"{option}: {word[:40]!r} is no {option.removeprefix('--')}",
                hint=f"use {', '.join(known)} or all",
            )
    return [word for word in known if word in words]


def seconds(text: str | None, option: str) -> float | None:
    """Seconds of a duration above nothing.

    Raises:
        InvalidInput: no duration, or 0; names the option.
    """
    if text is None:
        return None
    from chatops.units import parse_duration  # its patterns take time to compile

    try:
        value = parse_duration(text)
    except InvalidInput as error:
        raise InvalidInput(f"{option}: {error.message}", hint=error.hint) from None
    if value <= 0:
        raise InvalidInput(f"{option}: it must be more than nothing")
    return value


def wait(text: str, option: str) -> float:
    """Seconds of a duration, which may be 0.

    Raises:
        InvalidInput: no duration, or less than nothing; names the option.
    """
    from chatops.units import parse_duration

    if text.strip().startswith("-"):
        raise InvalidInput(f"{option}: {text!r} is less than nothing", hint="the least is 0s")
    try:
        return parse_duration(text)
    except InvalidInput as error:
        raise InvalidInput(f"{option}: {error.message}", hint=error.hint) from None


def pairs(words: Sequence[str] | None, what: str) -> dict[str, str]:
    """``K=V`` words as a dict; None, an option that was not given, is none.

    Raises:
        InvalidInput: a word without ``=`` or name; names what they are.
    """
    found: dict[str, str] = {}
    for word in words or ():
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InvalidInput(f"{what}: {word!r} is not written K=V")
        found[key] = value
    return found


def portion(text: str | None, option: str) -> str | None:
    """``N`` or ``P%``, as it was written.

    Raises:
        InvalidInput: it is neither; names the option.
    """
    if text is None:
        return None
    from chatops.protocol.portion import parse_portion

    try:
        parse_portion(text)
    except InvalidInput as error:
        raise InvalidInput(f"{option}: {error.message}", hint=error.hint) from None
    return text
