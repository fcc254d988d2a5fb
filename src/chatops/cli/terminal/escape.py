"""What is typed for ``chatops shell`` itself, and not for the server: ``~.`` and its like. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

Action = Literal["leave", "suspend", "help"]
_ACTIONS: Final[dict[int, Action]] = {ord("."): "leave", 0x1A: "suspend", ord("?"): "help"}
_TILDE: Final = ord("~")
_NEWLINES: Final = b"\r\n"
HELP: Final = (
    "~.   leave, and hang up the terminal on the server",
    "~^Z  suspend chatops; `fg` comes back",
    "~?   this help",
    "~~   type one ~",
    "A ~ counts only as the first thing on a line.",
)


class Escapes:
    """Takes them out of what is typed, and tells ``act`` of each."""

    def __init__(self, act: Callable[[Action], object]) -> None:
        self._act = act
        self._fresh = True
        """Whether a line begins."""
        self._tilde = False
        """Whether a ``~`` at its beginning waits for what it means."""

    def passed(self, data: bytes) -> bytes:
        """What of the next bytes is for the server."""
        return b"".join(self._byte(one) for one in data)

    def _byte(self, one: int) -> bytes:
        if self._tilde:
            self._tilde = False
            return self._after_tilde(one)
        if self._fresh and one == _TILDE:
            self._tilde = True
            return b""
        self._fresh = one in _NEWLINES
        return bytes((one,))

    def _after_tilde(self, one: int) -> bytes:
        action = _ACTIONS.get(one)
        if action is not None:  # and a line begins still
            self._act(action)
            return b""
        self._fresh = one in _NEWLINES
        return b"~" if one == _TILDE else bytes((_TILDE, one))
