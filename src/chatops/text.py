"""Text that came from somewhere else, made safe to show."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 controls, DEL, line and paragraph separators, and the bidirectional marks and
# overrides that can make a line read as something else.
_UNSAFE: Final = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSAFE_IN_LINES: Final = _UNSAFE.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    r"""``text`` with every control character written out (``\n``, ``\x1b``, ``\u202e``).

    The result is one line, holds no terminal escape, and is still readable.
    """
    return re.sub(_UNSAFE, _spell, text)  # compiled when it is first needed, and then kept


def escape_lines(text: str) -> str:
    r"""The same for text of several lines: newlines and tabs stay, and of ``\r\n`` the newline."""
    return re.sub(_UNSAFE_IN_LINES, _spell, text.replace("\r\n", "\n"))


def shorten(text: str, width: int) -> str:
    """At most ``width`` characters of ``text``, with an ellipsis where it was cut."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 0 else ""


def counted(number: int, noun: str) -> str:
    """``number`` of something: ``1 byte``, ``2 bytes``. ``noun`` is a singular whose plural
    ends in s."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def shown(value: object) -> str:
    """A value that somebody wrote into a file, as it could stand there."""
    if isinstance(value, str):
        return repr(value)
    import json  # slow to import, and few programs need it

    return json.dumps(value, ensure_ascii=False, default=str)


def _spell(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"
