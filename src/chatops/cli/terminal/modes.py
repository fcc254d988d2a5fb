"""What programs on the server switched on in this terminal and did not switch off again, because
the way to them was lost: the other screen, the mouse, a hidden cursor. Pure."""

from __future__ import annotations

import re
from typing import Final

_MODE: Final = re.compile(rb"\x1b\[\?([0-9;]{1,60})([hl])")
_LONGEST: Final = 64
"""Bytes of one sequence, at most: so much of the end may be the beginning of one."""
_USUAL: Final = {b"7": b"h", b"25": b"h"}
"""Modes that are on where nothing runs: lines wrap, the cursor is seen. All others are off."""
_KNOWN: Final = (
    b"1", b"7", b"25", b"1000", b"1002", b"1003", b"1004", b"1005", b"1006", b"1015", b"2004",
    b"47", b"1047", b"1049",
)  # fmt: skip
"""Modes that are put back, the other screen last."""


class Modes:
    """Looks at all that is printed."""

    def __init__(self) -> None:
        self._changed: dict[bytes, bytes] = {}
        self._rest = b""

    def see(self, data: bytes) -> None:
        """The next bytes that go to the terminal."""
        data = self._rest + data
        end = 0
        for found in _MODE.finditer(data):
            end = found.end()
            for mode in found[1].split(b";"):
                if mode in _KNOWN:
                    self._changed[mode] = found[2]
        begins = data.rfind(b"\x1b", max(end, len(data) - _LONGEST))
        self._rest = data[begins:] if begins >= 0 else b""

    def undo(self) -> bytes:
        """What puts the terminal back, the colours too; nothing if nothing was changed."""
        wrong = [one for one in _KNOWN if self._changed.get(one) == _other(one)]
        self._changed.clear()
        back = b"".join(b"\x1b[?%s%s" % (one, _USUAL.get(one, b"l")) for one in wrong)
        return back + b"\x1b[0m"


def _other(mode: bytes) -> bytes:
    """The state of a mode that is not its usual one."""
    return b"l" if _USUAL.get(mode, b"l") == b"h" else b"h"
