"""Whether the hub answers, and what is said when it does not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from chatops.cli.top.spans import safe
from chatops.errors import ChatOpsError, HubUnreachable, NotSignedIn

Source = Literal["list", "live"]
_SIGN_IN: Final = "sign in again in another terminal: chatops login"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one of the two ways to the hub does not work; times are of this machine's monotonic
    clock. ``tries`` failed since ``since``, the next is at ``again``."""

    error: ChatOpsError
    since: float
    again: float
    tries: int


class Link:
    """The two ways: what is asked (``list``), and what comes by itself (``live``)."""

    def __init__(self) -> None:
        self._troubles: dict[Source, Trouble] = {}

    def down(self, source: Source, trouble: Trouble) -> None:
        """One does not work."""
        self._troubles[source] = trouble

    def up(self, source: Source) -> None:
        """One works."""
        self._troubles.pop(source, None)

    def is_up(self, source: Source) -> bool:
        """Whether one works."""
        return source not in self._troubles

    @property
    def works(self) -> bool:
        """Whether both do."""
        return not self._troubles

    def words(self, now: float) -> str | None:
        """What the user is told; None when all is well."""
        troubles = dict(self._troubles)  # threads change it
        if not troubles:
            return None
        trouble = troubles.get("list") or troubles["live"]
        wait = max(min(one.again for one in troubles.values()) - now, 0.0)
        then = f"next try in {wait:.0f} s" if wait >= 1 else "trying now"
        gone = f"for {max(now - trouble.since, 0.0):.0f} s"
        return f"{_what(trouble.error)}; {then} ({gone}, {trouble.tries} tried; r: try now)"


def _what(error: ChatOpsError) -> str:
    if isinstance(error, HubUnreachable):
        return f"the hub is gone: {safe(error.message)}"
    if isinstance(error, NotSignedIn):
        return f"signed out: {safe(error.message)}; {_SIGN_IN}"
    return safe(error.message)
