"""What people look for in logs, as the index takes it. Pure.

Words must all be there, whole and in any case; ``"two words"`` must stand side by side, ``err*``
is the beginning of a word, and lines with ``-debug`` are left out. Everything else is part of a
word or stands between two: nothing that is typed is a command to the index.
"""

from __future__ import annotations

import re
from typing import Final

from chatops.errors import InvalidInput

LONGEST: Final = 1000
"""Characters of a query."""
MOST: Final = 32
"""Words and phrases of a query."""
_PART: Final = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_HINT: Final = "write words that a line has, like: connection refused -debug"


def expression(query: str) -> str:
    """The query in the language of FTS5.

    Raises:
        InvalidInput: it is too long, or names nothing that a line must have.
    """
    if len(query) > LONGEST:
        raise InvalidInput(f"the query is longer than {LONGEST} characters")
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _PART.findall(query):
        part = _quoted(phrase or word)
        if part is not None:
            (unwanted if minus else wanted).append(part)
    if not wanted:
        raise InvalidInput("the query has no word to look for", hint=_HINT)
    if len(wanted) + len(unwanted) > MOST:
        raise InvalidInput(f"the query has more than {MOST} words")
    found = " AND ".join(wanted)
    return f"({found}) NOT ({' OR '.join(unwanted)})" if unwanted else found


def _quoted(text: str) -> str | None:
    """A word or phrase that the index cannot take for anything else; None for one without any
    letter or digit, which it does not hold."""
    if not any(char.isalnum() for char in text):
        return None
    quoted = text.replace("\0", " ")
    prefix = " *" if quoted.endswith("*") else ""
    return '"' + quoted.replace('"', '""') + '"' + prefix
