"""What time it is at the hub, whatever this machine's clock says."""

from __future__ import annotations

from collections.abc import Callable


class HubClock:
    """Set by what the hub says, and carried on by ``monotonic``. Until then it is ``local``, this
    machine's own time. Threads may share it."""

    def __init__(self, local: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._local = local
        self._monotonic = monotonic
        self._ahead: float | None = None

    @property
    def known(self) -> bool:
        """Whether the hub was heard."""
        return self._ahead is not None

    def told(self, time: float | None) -> None:
        """The hub's time just now: Unix seconds. None: it does not say; this machine's
        counts."""
        self._ahead = (self._local() if time is None else time) - self._monotonic()

    def now(self) -> float:
        """Unix seconds, by the hub."""
        return self._local() if self._ahead is None else self._ahead + self._monotonic()
