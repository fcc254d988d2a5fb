"""What is wrong with a query or a body, in words for people. Pure.

msgspec says it in its own terms (``Expected `str` of length >= 8 - at `$.password```); what it
says of another form than those below is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from chatops.errors import InvalidInput

_PLACE: Final = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)
_KINDS: Final[Mapping[str, str]] = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_BOUNDS: Final[Mapping[str, str]] = {
    ">=": "at least",
    ">": "more than",
    "<=": "at most",
    "<": "less than",
}


def complaint(
    error: msgspec.ValidationError, kind: type[msgspec.Struct], whole: str
) -> InvalidInput:
    """``error`` as the user is told of it. ``whole`` names what was read as ``kind``."""
    match = _PLACE.fullmatch(str(error))
    text, place = (match[1], match[2]) if match else (str(error), None)
    for form, explain in _FORMS:
        if found := form.fullmatch(text):
            message = explain(found, place or whole)
            return InvalidInput(message, hint=_hint(kind, place))
    return InvalidInput(f"{place or whole}: {text}")


def _length(found: re.Match[str], place: str) -> str:
    what = "characters" if found[1] == "str" else "entries"
    if (found[2], found[3]) == (">=", "1"):
        return f"{place} must not be empty"
    return f"{place} must have {_BOUNDS[found[2]]} {found[3]} {what}"


def _bound(found: re.Match[str], place: str) -> str:
    return f"{place} must be {_BOUNDS[found[1]]} {found[2].removesuffix('.0')}"


def _type(found: re.Match[str], place: str) -> str:
    wanted = " or ".join(_KINDS.get(word, word) for word in found[1].split(" | "))
    return f"{place} must be {wanted}, not {_KINDS.get(found[2], found[2])}"


def _field(found: re.Match[str], place: str) -> str:
    says = "lacks" if found[1].startswith("missing") else "takes no"
    return f"{place} {says} {found[2]!r}"


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...]] = (
    (re.compile(r"Expected `(str|array)` of length (>=|<=) (\d+)"), _length),
    (re.compile(r"Expected `\w+` (>=|>|<=|<) (-?[\d.]+)"), _bound),
    (re.compile(r"Expected `([\w| ]+)`, got `(\w+)`"), _type),
    (re.compile(r"Object (missing required|contains unknown) field `(.*)`"), _field),
    (re.compile(r"Invalid enum value (.*)"), lambda found, place: f"{place} cannot be {found[1]}"),
)


def _hint(kind: type[msgspec.Struct], place: str | None) -> str | None:
    """What ``kind`` takes at ``place``: its fields, or the words of one that takes no others."""
    if not place:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        return f"it takes {known}" if known else "it takes nothing"
    for field in msgspec.structs.fields(kind):
        if field.encode_name == place and (words := _words(field.type)):
            return "choose of " + ", ".join(words)
    return None


def _words(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return [str(word) for word in get_args(hint)]
    return [word for arm in get_args(hint) for word in _words(arm)]
