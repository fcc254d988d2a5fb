"""Regular expressions of users: RE2's, which takes time in proportion to the text, and nothing
else. What Python's own takes minutes or days for would stall who asked and everybody beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatops.errors import InvalidInput
from chatops.protocol.limits import MAX_PATTERN, MAX_PATTERN_MEMORY

Finder = Callable[[bytes], bool]
"""Whether the pattern is found somewhere in a text, which need not be UTF-8."""
_SHOWN: Final = 80


def finder(pattern: str) -> Finder:
    """What looks for ``pattern``. Threads may share it; it lets others run while it looks.

    Raises:
        InvalidInput: RE2 does not take it.
    """
    import re2  # type: ignore[import-untyped]  # an extension: few commands need it

    if len(pattern) > MAX_PATTERN:
        raise InvalidInput(f"a pattern has at most {MAX_PATTERN} characters, not {len(pattern)}")
    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        search = re2.compile(pattern, options).search
    except (re2.error, UnicodeEncodeError) as error:
        raise _unusable(pattern, error) from None
    return lambda text: search(text) is not None


def _unusable(pattern: str, error: Exception) -> InvalidInput:
    why = error.args[0] if error.args else ""
    text = why.decode("utf-8", "replace") if isinstance(why, bytes) else "it is no text"
    return InvalidInput(
        f"the pattern {pattern[:_SHOWN]!r} cannot be used: {text}",
        hint="patterns are RE2's: without look-around and back references",
    )
