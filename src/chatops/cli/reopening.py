"""Something that goes on was lost: asking for it again, for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from chatops.errors import Busy, ChatOpsError, HubUnreachable, Offline, TooManyRequests
from chatops.text import escape

RECOVERY: Final = 60.0
"""Seconds for which it is asked for again."""
_LONGEST: Final = 2.0
"""Seconds between two attempts at most."""
PASSING: Final = (HubUnreachable, Busy, TooManyRequests, Offline)
"""Troubles that go by: it is right to ask again."""
T = TypeVar("T")


def reopened(open_: Callable[[], T], error: ChatOpsError, say: Callable[[str], None]) -> T:
    """What ``open_`` gives, asked until it does; ``error`` is how it was lost.

    Raises:
        HubUnreachable, Busy, TooManyRequests, Offline: there was time enough.
        ChatOpsError: the answer is no.
    """
    from chatops.protocol.session.backoff import Backoff  # brings the slow random with it

    say(f"{escape(error.message)}; trying again for {RECOVERY:g} s")
    until, backoff = time.monotonic() + RECOVERY, Backoff()
    while (now := time.monotonic()) < until:
        time.sleep(min(backoff.failed(now), _LONGEST, until - now))
        try:
            found = open_()
        except PASSING as failure:
            error = failure
        else:
            say("it is back")
            return found
    raise error
