"""Runs: one command on every server that its target meant."""

from __future__ import annotations

from chatops.client.session import Session, segment
from chatops.protocol.rest.commands import Run


class Runs:
    """``client.runs``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, run_id: str) -> Run:
        """One run and its commands.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        return self._session.call("GET", f"/runs/{segment(run_id)}", Run)

    def cancel(self, run_id: str) -> Run:
        """Start nothing more, and end what runs: TERM to its process groups, KILL five seconds
        later.

        Raises:
            NotFound: there is none of that id that the caller may see.
            Conflict: it is over already.
        """
        return self._session.call("POST", f"/runs/{segment(run_id)}/cancel", Run)
