"""Whether the hub answers, and what is said when it does not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from chatops.cli.top.spans import safe
from chatops.errors import ChatOpsError, HubUnreachable, NotSignedIn

Source = Literal["list", "live"]
_SIGN_IN: Final = "elsewhere: chatops login"


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
        gone = f"{max(now - trouble.since, 0.0):.0f} s"
        then = f"next try in {wait:.0f} s (r: now)" if wait >= 1 else "trying now"
        return f"{_what(trouble.error)} for {gone}, {then}: {safe(trouble.error.message)}"


def _what(error: ChatOpsError) -> str:
    """What comes first, as lines are cut at their end."""
    if isinstance(error, HubUnreachable):
        return "the hub is gone"
    if isinstance(error, NotSignedIn):
        return f"signed out ({_SIGN_IN})"
    return "the hub refuses"
