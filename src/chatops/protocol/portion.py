"""So many servers, or so many per cent of them: ``--batch`` and ``--max-failures``. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatops.errors import InvalidInput

_FORM: Final = re.compile(r"([1-9][0-9]{0,5})(%?)")


class Portion(NamedTuple):
    """``number`` servers, or per cent of all."""

    number: int
    percent: bool

    def of(self, count: int) -> int:
        """How many of ``count`` servers that is: at least 1, and per cent are rounded down."""
        return max(count * self.number // 100, 1) if self.percent else self.number


def parse_portion(text: str) -> Portion:
    """``N`` or ``P%``.

    Raises:
        InvalidInput: it is neither, or 0, or more than 100 %.
    """
    found = _FORM.fullmatch(text)
    if found is None or (found[2] and int(found[1]) > 100):
        raise InvalidInput(
            f"{text[:40]!r} is no number of servers", hint="write a number from 1 on, or like 25%"
        )
    return Portion(int(found[1]), bool(found[2]))
