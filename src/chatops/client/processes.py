"""Processes: what runs on a server now."""

from __future__ import annotations

from typing import Literal

from chatops.client.session import Session, segment
from chatops.protocol.rest import ProcessPage


class Processes:
    """``client.processes``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self, server: str, *, sort: Literal["cpu", "memory"] = "cpu", limit: int = 20
    ) -> ProcessPage:
        """The ``limit`` (0: all) processes that take most, the largest first; ``total`` of the
        answer is how many there are. Its agent looks when it is asked.

        Raises:
            NotFound: there is no such server that the caller may see.
            Offline: its agent is not connected.
            Conflict: its agent is too old, or could not look.
            TimedOut: its agent did not answer.
        """
        query = {"sort": sort, "limit": str(limit)}
        return self._session.call("GET", f"/processes/{segment(server)}", ProcessPage, query=query)
